// Between the values of the core and those of QuickJS.
#pragma once
#include <quickjs.h>

#include "../core/call.h"

namespace quickjs {

// How reading an argument went: NotText is a lone surrogate that stands for no byte, Thrown is the engine's own error.
enum class Read { Fine, Wrong, NotText, Thrown };

// Fills the member of `value` that an argument of that kind (see core::Call) is read from. Bytes are not copied: they
// are the caller's for as long as its argument lives.
Read readArgument(JSContext* context, char kind, JSValueConst given, core::Value& value);

// The value of a result; for an error, throws the SystemError of runtime/host/port.ts.
JSValue give(JSContext* context, core::Result result);

// Such an error, not thrown.
JSValue makeError(JSContext* context, const std::string& message, const char* syscall, int number);

JSValue toText(JSContext* context, core::View bytes);

}  // namespace quickjs
