#include "watch.h"

#include <uv.h>

#include <new>

namespace {

// Lives as long as its environment (the main thread or a worker).
struct Watch {
  napi_env env;
  uv_poll_t handle;
  napi_ref callback = nullptr;
  napi_async_cleanup_hook_handle cleanup = nullptr;
};

void ready(uv_poll_t* handle, int, int) {
  auto* watch = static_cast<Watch*>(handle->data);
  napi_handle_scope scope;
  napi_open_handle_scope(watch->env, &scope);
  napi_value callback, receiver;
  napi_get_reference_value(watch->env, watch->callback, &callback);
  napi_get_global(watch->env, &receiver);
  if (napi_make_callback(watch->env, nullptr, receiver, callback, 0, nullptr, nullptr) == napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(watch->env, &error);
    napi_fatal_exception(watch->env, error);
  }
  napi_close_handle_scope(watch->env, scope);
}

void closed(uv_handle_t* handle) {
  auto* watch = static_cast<Watch*>(handle->data);
  napi_remove_async_cleanup_hook(watch->cleanup);
  delete watch;
}

void atExit(napi_async_cleanup_hook_handle, void* data) {
  auto* watch = static_cast<Watch*>(data);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->handle), closed);
}

napi_value refuse(napi_env env, const char* why) {
  napi_throw_error(env, nullptr, why);
  return nullptr;
}

napi_value start(napi_env env, napi_callback_info info) {
  napi_value given[2], token = nullptr;
  size_t count = 2;
  int32_t fd = -1;
  uv_loop_t* loop = nullptr;
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  if (count < 2 || napi_get_value_int32(env, given[0], &fd) != napi_ok) return refuse(env, "watch: no descriptor");
  auto* watch = new (std::nothrow) Watch();
  if (!watch || napi_get_uv_event_loop(env, &loop) != napi_ok || uv_poll_init(loop, &watch->handle, fd) != 0) {
    delete watch;
    return refuse(env, "watch: the event loop refuses the descriptor");
  }
  watch->env = env;
  watch->handle.data = watch;
  napi_create_reference(env, given[1], 1, &watch->callback);
  napi_add_async_cleanup_hook(env, atExit, watch, &watch->cleanup);
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch->handle));
  uv_poll_start(&watch->handle, UV_READABLE, ready);
  napi_create_external(env, watch, nullptr, nullptr, &token);
  return token;
}

napi_value hold(napi_env env, napi_callback_info info) {
  napi_value given[2];
  size_t count = 2;
  bool on = false;
  void* watch = nullptr;
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  if (napi_get_value_external(env, given[0], &watch) != napi_ok || napi_get_value_bool(env, given[1], &on) != napi_ok)
    return refuse(env, "hold: nothing is watched");
  auto* handle = reinterpret_cast<uv_handle_t*>(&static_cast<Watch*>(watch)->handle);
  if (on)
    uv_ref(handle);
  else
    uv_unref(handle);
  return nullptr;
}

void add(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

void exportWatch(napi_env env, napi_value exports) {
  add(env, exports, "watch", start);
  add(env, exports, "hold", hold);
}
