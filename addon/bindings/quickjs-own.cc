#include "quickjs-own.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/fd.h"

namespace quickjs {
namespace {

using core::Args;
using core::Result;

constexpr int kSignals = 64;

int wordCount = 0;
char** wordList = nullptr;

Result args(const Args&) { return Result::of(std::vector<std::string>(wordList, wordList + wordCount)); }

// Without other threads, signals can simply be blocked. The kernel is asked directly: C libraries keep some of the
// real-time signals for themselves, and each its own.
Result signalfd(const Args& args) {
  uint64_t mask = 0;
  for (int signal : args.integers(0)) {
    if (signal < 1 || signal > kSignals) return Result::fail("signalfd", EINVAL);
    mask |= uint64_t{1} << (signal - 1);
  }
  if (::syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, nullptr, sizeof mask) < 0)
    return Result::fail("sigprocmask", errno);
  return Result::numberOrFail("signalfd", ::syscall(SYS_signalfd4, -1, &mask, sizeof mask, O_CLOEXEC | O_NONBLOCK));
}

Result readSignal(const Args& args) {
  struct signalfd_siginfo found;
  ssize_t got = core::uninterrupted([&] { return ::read(args.integer(0), &found, sizeof found); });
  if (got < 0 && errno != EAGAIN) return Result::fail("read", errno);
  return Result::of(got == sizeof found ? static_cast<double>(found.ssi_signo) : 0.0);
}

const core::Call rows[] = {
    {"args", "", args},
    {"signalfd", "I", signalfd},
    {"readSignal", "i", readSignal},
};

}  // namespace

core::Table own() { return {rows, sizeof rows / sizeof *rows}; }

void setWords(int count, char** words) {
  wordCount = count;
  wordList = words;
}

}  // namespace quickjs
