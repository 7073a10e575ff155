#include "quickjs-values.h"

#include "../core/transcode.h"

namespace quickjs {
namespace {

using core::Result;
using core::Value;

Read readText(JSContext* context, JSValueConst given, std::string& bytes) {
  if (!JS_IsString(given)) return Read::Wrong;
  size_t length;
  const char* chars = JS_ToCStringLen(context, &length, given);
  if (!chars) return Read::Thrown;
  core::View text = {reinterpret_cast<const uint8_t*>(chars), length};
  bool fine = true;
  if (core::isAscii(text))
    bytes.assign(chars, length);
  else
    fine = core::fromWtf8(text, bytes);
  JS_FreeCString(context, chars);
  return fine ? Read::Fine : Read::NotText;
}

// The engine has no question that tells a typed array from anything else but by throwing.
Read notTyped(JSContext* context) {
  JS_FreeValue(context, JS_GetException(context));
  return Read::Wrong;
}

Read readBytes(JSContext* context, JSValueConst given, Value& value) {
  static const uint8_t none = 0;
  if (!JS_IsObject(given)) return Read::Wrong;
  size_t offset, length, width, size;
  JSValue store = JS_GetTypedArrayBuffer(context, given, &offset, &length, &width);
  if (JS_IsException(store)) return notTyped(context);
  const uint8_t* data = JS_GetArrayBuffer(context, &size, store);
  JS_FreeValue(context, store);
  if (!data && notTyped(context) == Read::Wrong && length) return Read::Wrong;
  if (width != 1) return Read::Wrong;
  value.bytes = {length ? data + offset : &none, length};
  return Read::Fine;
}

Read readNumber(JSContext* context, JSValueConst given, double& number) {
  if (!JS_IsNumber(given)) return Read::Wrong;
  return JS_ToFloat64(context, &number, given) == 0 ? Read::Fine : Read::Thrown;
}

// The engine cuts what has more than 64 bits and knows no sign of what is left.
Read readBig(JSContext* context, JSValueConst given, uint64_t& big) {
  int64_t low;
  if (!JS_IsBigInt(context, given)) return Read::Wrong;
  if (JS_ToBigInt64(context, &low, given) < 0) return Read::Thrown;
  big = static_cast<uint64_t>(low);
  JSValue again = JS_NewBigUint64(context, big);
  bool whole = JS_StrictEq(context, again, given);
  JS_FreeValue(context, again);
  return whole ? Read::Fine : Read::Wrong;
}

template <typename One>
Read readList(JSContext* context, JSValueConst given, One one) {
  if (JS_IsArray(context, given) <= 0) return Read::Wrong;
  uint32_t length = 0;
  JSValue counted = JS_GetPropertyStr(context, given, "length");
  JS_ToUint32(context, &length, counted);
  JS_FreeValue(context, counted);
  for (uint32_t at = 0; at < length; at++) {
    JSValue item = JS_GetPropertyUint32(context, given, at);
    if (JS_IsException(item)) return Read::Thrown;
    Read read = one(item);
    JS_FreeValue(context, item);
    if (read != Read::Fine) return read;
  }
  return Read::Fine;
}

void releaseBytes(JSRuntime*, void*, void* data) { free(data); }

// The array takes the buffer over.
JSValue toBytes(JSContext* context, core::Buffer bytes) {
  size_t size = bytes.size();
  JSValue store = JS_NewArrayBuffer(context, bytes.release(), size, releaseBytes, nullptr, false);
  if (JS_IsException(store)) return store;
  JSValueConst given[] = {store, JS_NewInt32(context, 0), JS_NewInt64(context, static_cast<int64_t>(size))};
  JSValue array = JS_NewTypedArray(context, 3, given, JS_TYPED_ARRAY_UINT8);
  JS_FreeValue(context, store);
  return array;
}

// Sets all, or throws and gives what was made back.
bool set(JSContext* context, JSValue object, const char* name, JSValue value) {
  return !JS_IsException(value) && JS_DefinePropertyValueStr(context, object, name, value, JS_PROP_C_W_E) >= 0;
}

template <typename Items, typename One>
JSValue toList(JSContext* context, const Items& items, One one) {
  JSValue list = JS_NewArray(context);
  for (size_t at = 0; at < items.size() && !JS_IsException(list); at++) {
    JSValue item = one(items[at]);
    if (!JS_IsException(item) &&
        JS_DefinePropertyValueUint32(context, list, static_cast<uint32_t>(at), item, JS_PROP_C_W_E) >= 0)
      continue;
    JS_FreeValue(context, list);
    list = JS_EXCEPTION;
  }
  return list;
}

JSValue toRecord(JSContext* context, const std::vector<core::Field>& fields) {
  JSValue record = JS_NewObject(context);
  for (const auto& field : fields) {
    if (set(context, record, field.name, JS_NewFloat64(context, field.value))) continue;
    JS_FreeValue(context, record);
    return JS_EXCEPTION;
  }
  return record;
}

}  // namespace

JSValue toText(JSContext* context, core::View bytes) {
  auto chars = reinterpret_cast<const char*>(bytes.data);
  if (core::isAscii(bytes)) return JS_NewStringLen(context, chars, bytes.size);
  std::string text;
  core::toWtf8(bytes, text);
  return JS_NewStringLen(context, text.data(), text.size());
}

Read readArgument(JSContext* context, char kind, JSValueConst given, Value& value) {
  switch (kind) {
    case 't':
    case 'x':
      return readText(context, given, value.text);
    case 'b':
      return readBytes(context, given, value);
    case 'd':
      return JS_IsString(given) ? readText(context, given, value.text) : readBytes(context, given, value);
    case 'w':
      return readBig(context, given, value.big);
    case 'T':
      return readList(context, given, [&](JSValueConst item) {
        value.texts.emplace_back();
        return readText(context, item, value.texts.back());
      });
    case 'I':
      return readList(context, given, [&](JSValueConst item) {
        value.numbers.push_back(0);
        return readNumber(context, item, value.numbers.back());
      });
    default:
      return readNumber(context, given, value.number);
  }
}

JSValue makeError(JSContext* context, const std::string& message, const char* syscall, int number) {
  JSValue error = JS_NewError(context);
  if (JS_IsException(error)) return error;
  JSValue text = toText(context, core::view(message));
  if (JS_IsException(text) ||
      JS_DefinePropertyValueStr(context, error, "message", text, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) < 0 ||
      !set(context, error, "syscall", JS_NewString(context, syscall)) ||
      !set(context, error, "errno", JS_NewInt32(context, number))) {
    JS_FreeValue(context, error);
    return JS_EXCEPTION;
  }
  return error;
}

JSValue give(JSContext* context, Result result) {
  switch (result.kind) {
    case Result::Kind::Null:
      return JS_NULL;
    case Result::Kind::Number:
      return JS_NewFloat64(context, result.number);
    case Result::Kind::Bytes:
      return toBytes(context, std::move(result.bytes));
    case Result::Kind::Text:
      return toText(context, result.bytes.view());
    case Result::Kind::Texts:
      return toList(context, result.texts, [&](const std::string& text) { return toText(context, core::view(text)); });
    case Result::Kind::Numbers:
      return toList(context, result.numbers, [&](double number) { return JS_NewFloat64(context, number); });
    case Result::Kind::Bigs:
      return toList(context, result.bigs, [&](uint64_t big) { return JS_NewBigUint64(context, big); });
    case Result::Kind::Record:
      return toRecord(context, result.record);
    case Result::Kind::Error: {
      JSValue error = makeError(context, core::message(result), result.syscall, result.error);
      return JS_IsException(error) ? error : JS_Throw(context, error);
    }
    default:
      return JS_UNDEFINED;
  }
}

}  // namespace quickjs
