// Exports every row of the core's table to QuickJS.
#include "quickjs.h"

#include <string.h>

#include "quickjs-loop.h"
#include "quickjs-own.h"
#include "quickjs-values.h"

namespace quickjs {
namespace {

// The row's place is the function's magic number.
constexpr int kRows = 256;
core::Table tableAt(size_t table) { return table < core::kTables ? core::tables()[table] : own(); }
const core::Call& rowAt(int magic) { return tableAt(static_cast<size_t>(magic / kRows)).rows[magic % kRows]; }

JSValue refuse(JSContext* context, const core::Call& call, size_t at) {
  return JS_ThrowTypeError(context, "%s: argument %d is not of kind '%c'", call.name, static_cast<int>(at + 1),
                           call.takes[at]);
}

// The engine fills up missing arguments with undefined.
JSValue run(JSContext* context, JSValueConst, int, JSValueConst* given, int magic) {
  const core::Call& call = rowAt(magic);
  core::Args args;
  for (size_t at = 0; call.takes[at]; at++) {
    switch (readArgument(context, call.takes[at], given[at], args.values[at])) {
      case Read::Fine:
        continue;
      case Read::Wrong:
        return refuse(context, call, at);
      case Read::NotText:
        return give(context, core::Result::fail(call.name, EILSEQ));
      case Read::Thrown:
        return JS_EXCEPTION;
    }
  }
  return give(context, core::invoke(call, args));
}

bool add(JSContext* context, JSValue object, const char* name, JSValue function) {
  return !JS_IsException(function) && JS_SetPropertyStr(context, object, name, function) >= 0;
}

bool addRows(JSContext* context, JSValue object) {
  for (size_t table = 0; table <= core::kTables; table++)
    for (size_t row = 0; row < tableAt(table).size; row++) {
      int magic = static_cast<int>(table) * kRows + static_cast<int>(row);
      const core::Call& call = rowAt(magic);
      JSValue function = JS_NewCFunctionMagic(context, run, call.name, static_cast<int>(strlen(call.takes)),
                                              JS_CFUNC_generic_magic, magic);
      if (!add(context, object, call.name, function)) return false;
    }
  return true;
}

}  // namespace

JSValue makeCore(JSContext* context) {
  JSValue object = JS_NewObject(context);
  if (JS_IsException(object)) return object;
  if (addRows(context, object) &&
      add(context, object, "wait", JS_NewCFunction(context, wait, "wait", 3)) &&
      add(context, object, "sleep", JS_NewCFunction(context, sleep, "sleep", 1)) &&
      add(context, object, "drop", JS_NewCFunction(context, drop, "drop", 1)))
    return object;
  JS_FreeValue(context, object);
  return JS_EXCEPTION;
}

}  // namespace quickjs
