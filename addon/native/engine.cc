#include "engine.h"

#include <string.h>
#include <unistd.h>

#include <string>

#include "../bindings/quickjs.h"
#include "../bindings/quickjs-loop.h"
#include "../core/transcode.h"
#include "heap.h"

namespace engine {
namespace {

constexpr size_t kMaxMemory = size_t{512} << 20;
constexpr size_t kMaxStack = 512 << 10;
// A command ends long before it has left this much behind; marking what is alive would touch all of it.
constexpr size_t kCollectAt = 32 << 20;

// What the engine counts as memory in use, besides the blocks themselves.
constexpr size_t kOverhead = 8;

void* take(JSMallocState* state, size_t size) {
  if (size > state->malloc_limit || state->malloc_size > state->malloc_limit - size) return nullptr;
  void* block = heap::take(size);
  if (!block) return nullptr;
  state->malloc_count++;
  state->malloc_size += heap::room(block) + kOverhead;
  return block;
}

void give(JSMallocState* state, void* block) {
  if (!block) return;
  state->malloc_count--;
  state->malloc_size -= heap::room(block) + kOverhead;
  heap::give(block);
}

void* resize(JSMallocState* state, void* block, size_t size) {
  if (!block) return size ? take(state, size) : nullptr;
  if (!size) {
    give(state, block);
    return nullptr;
  }
  size_t before = heap::room(block);
  if (size > before && size - before > state->malloc_limit - state->malloc_size) return nullptr;
  void* moved = heap::resize(block, size);
  if (moved) state->malloc_size += heap::room(moved) - before;
  return moved;
}

size_t room(const void* block) { return heap::room(block); }

JSContext* makeContext() {
  static const JSMallocFunctions functions = {take, give, resize, room};
  JSRuntime* runtime = JS_NewRuntime2(&functions, nullptr);
  if (!runtime) return nullptr;
  JS_SetMemoryLimit(runtime, kMaxMemory);
  JS_SetMaxStackSize(runtime, kMaxStack);
  JS_SetGCThreshold(runtime, kCollectAt);
  JS_SetCanBlock(runtime, false);
  JSContext* context = JS_NewContextRaw(runtime);
  if (!context) return nullptr;
  JS_AddIntrinsicBaseObjects(context);
  JS_AddIntrinsicDate(context);
  JS_AddIntrinsicRegExp(context);
  JS_AddIntrinsicJSON(context);
  JS_AddIntrinsicMapSet(context);
  JS_AddIntrinsicTypedArrays(context);
  JS_AddIntrinsicPromise(context);
  return context;
}

// The namespace of the module, after it has run.
JSValue evaluate(JSContext* context, core::View bytecode) {
  JSValue module = JS_ReadObject(context, bytecode.data, bytecode.size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(module) || JS_ResolveModule(context, module) < 0) return JS_EXCEPTION;
  auto* definition = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module));
  JSValue done = JS_EvalFunction(context, module);
  if (JS_IsException(done) || !quickjs::settle(context, done)) return JS_EXCEPTION;
  if (JS_PromiseState(context, done) == JS_PROMISE_REJECTED)
    return JS_Throw(context, JS_PromiseResult(context, done));
  JS_FreeValue(context, done);
  return JS_GetModuleNamespace(context, definition);
}

// The program's own line; what is thrown is an Error, or anything.
std::string textOf(JSContext* context, JSValueConst thrown) {
  JSValue said = JS_IsError(context, thrown) ? JS_GetPropertyStr(context, thrown, "message")
                                             : JS_DupValue(context, thrown);
  size_t length = 0;
  const char* chars = JS_ToCStringLen(context, &length, said);
  std::string text;
  if (!chars || !core::fromWtf8({reinterpret_cast<const uint8_t*>(chars), length}, text)) text = "unknown error";
  return text;
}

}  // namespace

bool build(Engine& engine, core::View bytecode, const char* start) {
  engine.context = makeContext();
  if (!engine.context) return false;
  JSContext* context = engine.context;
  JSValue program = evaluate(context, bytecode);
  if (JS_IsException(program)) return false;
  JSValue core = quickjs::makeCore(context);
  if (JS_IsException(core)) return false;
  JSValue prepare = JS_GetPropertyStr(context, program, "prepare");
  JSValueConst given[] = {core};
  JSValue prepared = JS_Call(context, prepare, JS_UNDEFINED, 1, given);
  JS_FreeValue(context, prepare);
  JS_FreeValue(context, core);
  if (JS_IsException(prepared)) return false;
  JS_FreeValue(context, prepared);
  engine.start = JS_GetPropertyStr(context, program, start);
  if (JS_IsUndefined(engine.start)) engine.start = JS_GetPropertyStr(context, program, "start");
  JS_FreeValue(context, program);
  return !JS_IsException(engine.start);
}

int run(Engine& engine, const char* program) {
  JSContext* context = engine.context;
  JS_UpdateStackTop(JS_GetRuntime(context));
  JSValueConst given[] = {JS_NewString(context, program)};
  JSValue promise = JS_Call(context, engine.start, JS_UNDEFINED, 1, given);
  if (JS_IsException(promise) || !quickjs::settle(context, promise)) return report(context);
  JSValue result = JS_PromiseResult(context, promise);
  int code;
  if (JS_PromiseState(context, promise) == JS_PROMISE_REJECTED) {
    JS_Throw(context, result);
    return report(context);
  }
  return JS_ToInt32(context, &code, result) < 0 ? report(context) : code;
}

int report(JSContext* context) {
  std::string line = "tsrun: internal error: ";
  if (!context) {
    line += "out of memory";
  } else {
    JSValue thrown = JS_GetException(context);
    line += textOf(context, thrown);
  }
  for (char& one : line)
    if (static_cast<uint8_t>(one) < 0x20 || one == 0x7F) one = ' ';
  line += '\n';
  // Nobody can be told that stderr is closed or full.
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  return 1;
}

}  // namespace engine
