// The core's calls, and the waits of a host without an event loop, as functions of QuickJS.
#pragma once
#include <quickjs.h>

namespace quickjs {

// An object with a function for every row of the core's table and those of runtime/host/native.ts's Native, or an
// exception.
JSValue makeCore(JSContext* context);

}  // namespace quickjs
