// The JavaScript engine with the program in it.
#pragma once
#include <quickjs.h>

#include "../core/value.h"

namespace engine {

struct Engine {
  JSContext* context = nullptr;
  // The function of the program that is called with the name it was called by: `start`.
  JSValue start = JS_UNDEFINED;
};

// A runtime within fixed bounds of memory and stack, with what ECMAScript has but no eval and no way to load modules;
// runs the program, a module in bytecode, and its `prepare` with the core's calls. `start` may be another of its
// functions, if it has it. False with an exception thrown.
bool build(Engine& engine, core::View bytecode, const char* start = "start");

// Calls `start(program)`. The exit code it resolves to, or 1 after one line on stderr about what was thrown.
int run(Engine& engine, const char* program);

// That line, of the exception that is thrown; 1.
int report(JSContext* context);

}  // namespace engine
