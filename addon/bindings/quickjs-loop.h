// Waiting without an event loop: what JavaScript waits for is kept here until the program has nothing else to do.
#pragma once
#include <quickjs.h>

namespace quickjs {

// Functions of runtime/host/native.ts's Native.
JSValue wait(JSContext* context, JSValueConst self, int count, JSValueConst* given);
JSValue sleep(JSContext* context, JSValueConst self, int count, JSValueConst* given);
JSValue drop(JSContext* context, JSValueConst self, int count, JSValueConst* given);

// Runs jobs, and waits where none are left, until `promise` is settled. Gives false, with an exception thrown, when a
// promise was rejected that nobody looks after, or when there is nothing left to wait for.
bool settle(JSContext* context, JSValueConst promise);

}  // namespace quickjs
