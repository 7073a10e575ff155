#pragma once
#include <node_api.h>

// Adds `watch(fd, callback)`, which calls back from Node's loop whenever the descriptor (an epoll instance) is readable
// and gives a token, and `hold(token, on)`, which says whether that keeps the loop alive.
void exportWatch(napi_env env, napi_value exports);
