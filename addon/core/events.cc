// Waiting: epoll for a host with an event loop, poll for one without, and signals as a descriptor.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

Result epollCreate(const Args&) { return Result::numberOrFail("epoll_create1", ::epoll_create1(EPOLL_CLOEXEC)); }

// (epoll, EPOLL_CTL_*, descriptor, EPOLL* events)
Result epollControl(const Args& args) {
  struct epoll_event event = {};
  event.events = args.natural(3);
  event.data.fd = args.integer(2);
  return Result::nothingOrFail("epoll_ctl", ::epoll_ctl(args.integer(0), args.integer(1), args.integer(2), &event));
}

// (epoll) -> descriptor, events, descriptor, events ... of what is ready now
Result epollReady(const Args& args) {
  struct epoll_event events[64];
  int count = uninterrupted([&] { return ::epoll_wait(args.integer(0), events, 64, 0); });
  if (count < 0) return Result::fail("epoll_wait", errno);
  std::vector<double> ready;
  for (int at = 0; at < count; at++) {
    ready.push_back(events[at].data.fd);
    ready.push_back(events[at].events);
  }
  return Result::of(std::move(ready));
}

// (descriptors, POLL* events of each, microseconds or -1 for ever) -> POLL* events found of each
Result poll(const Args& args) {
  std::vector<int> fds = args.integers(0);
  std::vector<int> wanted = args.integers(1);
  if (fds.size() != wanted.size()) return Result::fail("ppoll", EINVAL);
  std::vector<struct pollfd> polled(fds.size());
  for (size_t at = 0; at < fds.size(); at++) polled[at] = {fds[at], static_cast<short>(wanted[at]), 0};
  int64_t wait = args.wide(2);
  struct timespec timeout = {wait / 1000000, static_cast<long>(wait % 1000000 * 1000)};
  int outcome = ::ppoll(polled.data(), polled.size(), wait < 0 ? nullptr : &timeout, nullptr);
  if (outcome < 0 && errno != EINTR) return Result::fail("ppoll", errno);
  std::vector<double> found;
  for (const auto& one : polled) found.push_back(outcome < 0 ? 0 : one.revents);
  return Result::of(std::move(found));
}

// Blocking a signal here would not keep it from the engine's other threads, so a handler passes it on instead.
volatile int targets[_NSIG];

void passOn(int signal) {
  int kept = errno;
  uint8_t byte = static_cast<uint8_t>(signal);
  ::send(targets[signal], &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  errno = kept;
}

Result signalfd(const Args& args) {
  std::vector<int> signals = args.integers(0);
  for (int signal : signals)
    if (signal < 1 || signal >= _NSIG) return Result::fail("signalfd", EINVAL);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
    return Result::fail("socketpair", errno);
  Fd read(ends[0]), write(ends[1]);
  struct sigaction action = {};
  action.sa_handler = passOn;
  action.sa_flags = SA_RESTART;
  ::sigfillset(&action.sa_mask);
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (int signal : signals) {
    targets[signal] = write.get();
    ::sigaddset(&wanted, signal);
    if (::sigaction(signal, &action, nullptr) < 0) return Result::fail("sigaction", errno);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
  write.release();
  return Result::of(static_cast<double>(read.release()));
}

Result readSignal(const Args& args) {
  uint8_t signal;
  ssize_t got = uninterrupted([&] { return ::recv(args.integer(0), &signal, 1, MSG_DONTWAIT); });
  if (got < 0 && errno != EAGAIN) return Result::fail("recv", errno);
  return Result::of(got == 1 ? static_cast<double>(signal) : 0.0);
}

Result eventfd(const Args&) { return Result::numberOrFail("eventfd", ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

// (paths, IN_* mask) -> descriptor
Result inotify(const Args& args) {
  Fd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch) return Result::fail("inotify_init1", errno);
  for (const auto& path : args.texts(0)) {
    if (::inotify_add_watch(watch.get(), path.c_str(), args.natural(1)) >= 0) continue;
    Result failure = Result::fail("inotify_add_watch", errno);
    failure.subject = path;
    return failure;
  }
  return Result::of(static_cast<double>(watch.release()));
}

const Call rows[] = {
    {"epollCreate", "", epollCreate}, {"epollControl", "iiiu", epollControl},
    {"epollReady", "i", epollReady},  {"poll", "IIn", poll},
    {"signalfd", "I", signalfd},      {"readSignal", "i", readSignal},
    {"eventfd", "", eventfd},         {"inotify", "Tu", inotify},
};

}  // namespace

Table events() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
