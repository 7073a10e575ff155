#include "quickjs-loop.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include "quickjs-values.h"

namespace quickjs {
namespace {

struct Wait {
  int fd;           // -1: only the deadline
  short events;
  double deadline;  // monotonic microseconds, or infinity
  JSValue resolve, reject;
};

std::vector<Wait> waits;
std::vector<JSValue> unhandled;  // rejected promises

double now() {
  struct timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

JSValue promiseOf(JSContext* context, int fd, short events, double deadline) {
  JSValue settlers[2];
  JSValue promise = JS_NewPromiseCapability(context, settlers);
  if (!JS_IsException(promise)) waits.push_back({fd, events, deadline, settlers[0], settlers[1]});
  return promise;
}

// Calls one of the promise's functions; what hangs on it runs later, as a job.
void end(JSContext* context, const Wait& wait, bool well, JSValue with) {
  JSValueConst given[] = {with};
  JS_FreeValue(context, JS_Call(context, well ? wait.resolve : wait.reject, JS_UNDEFINED, 1, given));
  JS_FreeValue(context, with);
  JS_FreeValue(context, wait.resolve);
  JS_FreeValue(context, wait.reject);
}

// What ppoll found of one wait, if that ends it. A descriptor that isn't open is the error that epoll gives for it.
bool ended(JSContext* context, const Wait& wait, short found, double time) {
  if (found & POLLNVAL)
    end(context, wait, false, makeError(context, core::message(core::Result::fail("epoll_ctl", EBADF)), "epoll_ctl", EBADF));
  else if (found)
    end(context, wait, true, wait.fd < 0 ? JS_UNDEFINED : JS_TRUE);
  else if (wait.deadline <= time)
    end(context, wait, true, wait.fd < 0 ? JS_UNDEFINED : JS_FALSE);
  else
    return false;
  return true;
}

void pollOnce(JSContext* context) {
  std::vector<struct pollfd> polled;
  double first = INFINITY;
  for (const auto& wait : waits) {
    polled.push_back({wait.fd, wait.events, 0});
    first = std::min(first, wait.deadline);
  }
  double left = ceil(std::clamp(first - now(), 0.0, 1e15));
  struct timespec timeout = {static_cast<time_t>(left / 1e6), static_cast<long>(fmod(left, 1e6) * 1e3)};
  int outcome = ::ppoll(polled.data(), polled.size(), isinf(first) ? nullptr : &timeout, nullptr);
  if (outcome < 0) return;  // EINTR: look again
  double time = now();
  std::vector<Wait> before = std::move(waits);
  waits.clear();
  for (size_t at = 0; at < before.size(); at++)
    if (!ended(context, before[at], polled[at].revents, time)) waits.push_back(before[at]);
}

bool runJobs(JSContext* context) {
  JSContext* ran;
  int outcome;
  do outcome = JS_ExecutePendingJob(JS_GetRuntime(context), &ran);
  while (outcome > 0);
  return outcome == 0;
}

void track(JSContext* context, JSValueConst promise, JSValueConst, JS_BOOL handled, void*) {
  if (!handled) {
    unhandled.push_back(JS_DupValue(context, promise));
    return;
  }
  for (size_t at = 0; at < unhandled.size(); at++)
    if (JS_VALUE_GET_PTR(unhandled[at]) == JS_VALUE_GET_PTR(promise)) {
      JS_FreeValue(context, unhandled[at]);
      unhandled.erase(unhandled.begin() + static_cast<ptrdiff_t>(at));
      return;
    }
}

bool fail(JSContext* context, JSValue reason) {
  JS_Throw(context, reason);
  return false;
}

}  // namespace

JSValue wait(JSContext* context, JSValueConst, int, JSValueConst* given) {
  int fd;
  double deadline = INFINITY;
  if (JS_ToInt32(context, &fd, given[0]) < 0) return JS_EXCEPTION;
  const char* direction = JS_ToCString(context, given[1]);
  if (!direction) return JS_EXCEPTION;
  short events = strcmp(direction, "read") ? POLLOUT : POLLIN;
  JS_FreeCString(context, direction);
  if (!JS_IsUndefined(given[2]) && JS_ToFloat64(context, &deadline, given[2]) < 0) return JS_EXCEPTION;
  // A number below zero is no descriptor, but ppoll would take it for one to be left out.
  return promiseOf(context, fd < 0 ? INT32_MAX : fd, events, deadline);
}

JSValue sleep(JSContext* context, JSValueConst, int, JSValueConst* given) {
  double deadline;
  if (JS_ToFloat64(context, &deadline, given[0]) < 0) return JS_EXCEPTION;
  return promiseOf(context, -1, 0, deadline);
}

JSValue drop(JSContext* context, JSValueConst, int, JSValueConst* given) {
  int fd;
  if (!JS_IsNumber(given[0])) return JS_UNDEFINED;
  if (JS_ToInt32(context, &fd, given[0]) < 0) return JS_EXCEPTION;
  for (size_t at = 0; at < waits.size();) {
    if (waits[at].fd != fd) {
      at++;
      continue;
    }
    Wait wait = waits[at];
    waits.erase(waits.begin() + static_cast<ptrdiff_t>(at));
    std::string text = "wait " + std::to_string(fd) + ": closed while waited for";
    end(context, wait, false, makeError(context, text, "wait", EBADF));
  }
  return JS_UNDEFINED;
}

bool settle(JSContext* context, JSValueConst promise) {
  JS_SetHostPromiseRejectionTracker(JS_GetRuntime(context), track, nullptr);
  for (;;) {
    if (!runJobs(context)) return false;
    if (JS_PromiseState(context, promise) != JS_PROMISE_PENDING) return true;
    if (!unhandled.empty()) return fail(context, JS_PromiseResult(context, unhandled.front()));
    if (waits.empty()) {
      JS_ThrowInternalError(context, "nothing is left to wait for");
      return false;
    }
    pollOnce(context);
  }
}

}  // namespace quickjs
