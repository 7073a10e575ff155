// Exports every row of the core's table to Node, and one watch on an epoll descriptor.
#include <node_api.h>
#include <string.h>

#include "../core/call.h"
#include "../core/transcode.h"
#include "watch.h"

namespace {

using core::Result;
using core::Value;

bool toBytes(napi_env env, napi_value text, std::string& bytes, bool& wrong) {
  char16_t small[512];
  size_t length = 0;
  wrong = napi_get_value_string_utf16(env, text, small, 512, &length) != napi_ok;
  if (wrong) return false;
  if (length < 511) return core::fromUtf16(small, length, bytes);
  napi_get_value_string_utf16(env, text, nullptr, 0, &length);
  std::u16string large(length, u'\0');
  napi_get_value_string_utf16(env, text, &large[0], length + 1, &length);
  return core::fromUtf16(large.data(), length, bytes);
}

napi_value toText(napi_env env, core::View bytes) {
  napi_value text = nullptr;
  if (core::isAscii(bytes)) {
    napi_create_string_latin1(env, reinterpret_cast<const char*>(bytes.data), bytes.size, &text);
    return text;
  }
  std::u16string wide;
  core::toUtf16(bytes, wide);
  napi_create_string_utf16(env, wide.data(), wide.size(), &text);
  return text;
}

// How reading one argument went.
enum class Read { Fine, Wrong, NotText };

Read readText(napi_env env, napi_value given, std::string& bytes) {
  bool wrong;
  if (toBytes(env, given, bytes, wrong)) return Read::Fine;
  return wrong ? Read::Wrong : Read::NotText;
}

Read readBytes(napi_env env, napi_value given, Value& value) {
  static const uint8_t none = 0;
  napi_typedarray_type type;
  size_t length;
  void* data;
  bool typed = false;
  if (napi_is_typedarray(env, given, &typed) != napi_ok || !typed) return Read::Wrong;
  napi_get_typedarray_info(env, given, &type, &length, &data, nullptr, nullptr);
  if (type != napi_uint8_array) return Read::Wrong;
  value.bytes = {length ? static_cast<const uint8_t*>(data) : &none, length};
  return Read::Fine;
}

template <typename One>
Read readList(napi_env env, napi_value given, One one) {
  bool list = false;
  uint32_t length = 0;
  if (napi_is_array(env, given, &list) != napi_ok || !list) return Read::Wrong;
  napi_get_array_length(env, given, &length);
  for (uint32_t at = 0; at < length; at++) {
    napi_value item;
    if (napi_get_element(env, given, at, &item) != napi_ok) return Read::Wrong;
    Read read = one(item);
    if (read != Read::Fine) return read;
  }
  return Read::Fine;
}

Read readNumber(napi_env env, napi_value given, double& number) {
  return napi_get_value_double(env, given, &number) == napi_ok ? Read::Fine : Read::Wrong;
}

Read readBig(napi_env env, napi_value given, uint64_t& big) {
  bool whole = false;
  if (napi_get_value_bigint_uint64(env, given, &big, &whole) != napi_ok) return Read::Wrong;
  return whole ? Read::Fine : Read::Wrong;
}

Read readArgument(napi_env env, char kind, napi_value given, Value& value) {
  switch (kind) {
    case 't':
    case 'x':
      return readText(env, given, value.text);
    case 'b':
      return readBytes(env, given, value);
    case 'd': {
      Read read = readBytes(env, given, value);
      return read == Read::Wrong ? readText(env, given, value.text) : read;
    }
    case 'w':
      return readBig(env, given, value.big);
    case 'T':
      return readList(env, given, [&](napi_value item) {
        value.texts.emplace_back();
        return readText(env, item, value.texts.back());
      });
    case 'I':
      return readList(env, given, [&](napi_value item) {
        value.numbers.push_back(0);
        return readNumber(env, item, value.numbers.back());
      });
    default:
      return readNumber(env, given, value.number);
  }
}

napi_value toNumber(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value toTypedArray(napi_env env, core::View bytes) {
  napi_value store = nullptr, array = nullptr;
  void* data = nullptr;
  if (napi_create_arraybuffer(env, bytes.size, &data, &store) != napi_ok) return nullptr;
  if (bytes.size) memcpy(data, bytes.data, bytes.size);
  napi_create_typedarray(env, napi_uint8_array, bytes.size, store, 0, &array);
  return array;
}

template <typename Items, typename One>
napi_value toList(napi_env env, const Items& items, One one) {
  napi_value list = nullptr;
  napi_create_array_with_length(env, items.size(), &list);
  for (size_t at = 0; at < items.size(); at++) napi_set_element(env, list, at, one(items[at]));
  return list;
}

napi_value toBig(napi_env env, uint64_t big) {
  napi_value value = nullptr;
  napi_create_bigint_uint64(env, big, &value);
  return value;
}

napi_value toRecord(napi_env env, const std::vector<core::Field>& fields) {
  napi_value record = nullptr;
  napi_create_object(env, &record);
  for (const auto& field : fields) napi_set_named_property(env, record, field.name, toNumber(env, field.value));
  return record;
}

// Throws the SystemError of runtime/host/port.ts.
napi_value raise(napi_env env, const Result& failed) {
  napi_value error = nullptr, syscall = nullptr;
  std::string text = core::message(failed);
  napi_create_error(env, nullptr, toText(env, core::view(text)), &error);
  napi_create_string_utf8(env, failed.syscall, NAPI_AUTO_LENGTH, &syscall);
  napi_set_named_property(env, error, "syscall", syscall);
  napi_set_named_property(env, error, "errno", toNumber(env, failed.error));
  napi_throw(env, error);
  return nullptr;
}

napi_value give(napi_env env, const Result& result) {
  napi_value value = nullptr;
  switch (result.kind) {
    case Result::Kind::Nothing:
      return nullptr;
    case Result::Kind::Null:
      napi_get_null(env, &value);
      return value;
    case Result::Kind::Number:
      return toNumber(env, result.number);
    case Result::Kind::Bytes:
      return toTypedArray(env, result.bytes.view());
    case Result::Kind::Text:
      return toText(env, result.bytes.view());
    case Result::Kind::Texts:
      return toList(env, result.texts, [&](const std::string& text) { return toText(env, core::view(text)); });
    case Result::Kind::Numbers:
      return toList(env, result.numbers, [&](double number) { return toNumber(env, number); });
    case Result::Kind::Bigs:
      return toList(env, result.bigs, [&](uint64_t big) { return toBig(env, big); });
    case Result::Kind::Record:
      return toRecord(env, result.record);
    case Result::Kind::Error:
      return raise(env, result);
  }
  return nullptr;
}

napi_value refuse(napi_env env, const core::Call& call, size_t at) {
  std::string text = std::string(call.name) + ": argument " + std::to_string(at + 1) + " is not of kind '" +
                     call.takes[at] + "'";
  napi_throw_type_error(env, nullptr, text.c_str());
  return nullptr;
}

napi_value run(napi_env env, napi_callback_info info) {
  napi_value given[core::kMaxArguments];
  size_t count = core::kMaxArguments;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, given, nullptr, &data);
  const auto& call = *static_cast<const core::Call*>(data);
  core::Args args;
  for (size_t at = 0; call.takes[at]; at++) {
    Read read = readArgument(env, call.takes[at], given[at], args.values[at]);
    if (read == Read::Wrong) return refuse(env, call, at);
    if (read == Read::NotText) return raise(env, Result::fail(call.name, EILSEQ));
  }
  return give(env, core::invoke(call, args));
}

}  // namespace

NAPI_MODULE_INIT() {
  for (size_t at = 0; at < core::kTables; at++) {
    const core::Table& table = core::tables()[at];
    for (size_t row = 0; row < table.size; row++) {
      napi_value function;
      const core::Call& call = table.rows[row];
      napi_create_function(env, call.name, NAPI_AUTO_LENGTH, run, const_cast<core::Call*>(&call), &function);
      napi_set_named_property(env, exports, call.name, function);
    }
  }
  exportWatch(env, exports);
  return exports;
}
