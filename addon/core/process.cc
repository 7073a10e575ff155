// This process, and signals to others.
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "fd.h"
#include "read.h"

extern char** environ;

namespace core {
namespace {

Buffer text(const char* chars) {
  Buffer buffer(strlen(chars));
  if (buffer) memcpy(buffer.data(), chars, buffer.size());
  return buffer;
}

// Every argument of this process as the kernel has them, with the program's own name and an engine's options.
Result commandLine(const Args&) {
  Fd file(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  if (!file) return Result::fail("open", errno);
  Buffer bytes;
  if (int error = readAll(file.get(), 64 << 20, 0, bytes)) return Result::fail("read", error);
  std::vector<std::string> found;
  const char* start = reinterpret_cast<const char*>(bytes.data());
  const char* end = start + bytes.size();
  while (start < end) {
    size_t length = strnlen(start, end - start);
    found.emplace_back(start, length);
    start += length + 1;
  }
  return Result::of(std::move(found));
}

Result environment(const Args&) {
  std::vector<std::string> found;
  for (char** entry = environ; entry && *entry; entry++) found.emplace_back(*entry);
  return Result::of(std::move(found));
}

Result cwd(const Args&) {
  char* found = ::getcwd(nullptr, 0);
  if (!found) return Result::fail("getcwd", errno);
  Buffer path = text(found);
  ::free(found);
  return Result::of(Result::Kind::Text, std::move(path));
}

Result getpid(const Args&) { return Result::of(static_cast<double>(::getpid())); }
Result geteuid(const Args&) { return Result::of(static_cast<double>(::geteuid())); }
Result getegid(const Args&) { return Result::of(static_cast<double>(::getegid())); }

Result uname(const Args&) {
  struct utsname found;
  if (::uname(&found) < 0) return Result::fail("uname", errno);
  return Result::of(std::vector<std::string>{found.release, found.machine});
}

Result isatty(const Args& args) { return Result::of(static_cast<double>(::isatty(args.integer(0)))); }

double seconds(clockid_t clock, double unit) {
  struct timespec time;
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * unit + static_cast<double>(time.tv_nsec) * (unit / 1e9);
}
Result now(const Args&) { return Result::of(seconds(CLOCK_REALTIME, 1e3)); }
Result monotonic(const Args&) { return Result::of(seconds(CLOCK_MONOTONIC, 1e6)); }

// 0 and -1 mean more than one process could ever have meant to.
Result kill(const Args& args) {
  int pid = args.integer(0);
  if (pid == 0 || pid == -1) return Result::fail("kill", EINVAL);
  return Result::nothingOrFail("kill", ::kill(pid, args.integer(1)));
}

Result pidfdOpen(const Args& args) {
  return Result::numberOrFail("pidfd_open", ::syscall(SYS_pidfd_open, args.integer(0), 0));
}

Result pidfdSendSignal(const Args& args) {
  return Result::nothingOrFail("pidfd_send_signal", ::syscall(SYS_pidfd_send_signal, args.integer(0), args.integer(1),
                                                              static_cast<siginfo_t*>(nullptr), 0));
}

// Null while it runs, else how it ended (CLD_*) and its status or signal.
Result waitPidfd(const Args& args) {
  siginfo_t ended = {};
  int outcome = uninterrupted([&] {
    return ::waitid(static_cast<idtype_t>(P_PIDFD), args.integer(0), &ended, WEXITED | WNOHANG | __WALL);
  });
  if (outcome < 0) return Result::fail("waitid", errno);
  if (!ended.si_pid) return Result::null();
  double status = ended.si_status;
  return Result::of(ended.si_code == CLD_EXITED ? std::vector<double>{status, -1} : std::vector<double>{-1, status});
}

// Of <linux/pidfd.h>, which may be older than the kernel (6.13; the exit status 6.15).
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t ids[11];
  int32_t exitCode;
};
static_assert(sizeof(PidfdInfo) == 64, "PIDFD_INFO_SIZE_VER0");
constexpr uint64_t kPidfdInfoExit = 1 << 3;

// As waitPidfd, but also for a process that is not a child, once its parent has reaped it. Null before.
Result pidfdExit(const Args& args) {
  PidfdInfo info = {};
  info.mask = kPidfdInfoExit;
  if (::ioctl(args.integer(0), _IOWR(0xFF, 11, PidfdInfo), &info) < 0) return Result::fail("ioctl", errno);
  if (!(info.mask & kPidfdInfoExit)) return Result::null();
  double status = WEXITSTATUS(info.exitCode);
  double signal = WTERMSIG(info.exitCode);
  return Result::of(WIFEXITED(info.exitCode) ? std::vector<double>{status, -1} : std::vector<double>{-1, signal});
}

Result prlimit(const Args& args) {
  struct rlimit64 limits = {args.big(2), args.big(3)};
  return Result::nothingOrFail(
      "prlimit", ::prlimit64(args.integer(0), static_cast<__rlimit_resource>(args.integer(1)), &limits, nullptr));
}

Result getrlimit(const Args& args) {
  struct rlimit64 limits;
  if (::prlimit64(0, static_cast<__rlimit_resource>(args.integer(0)), nullptr, &limits) < 0)
    return Result::fail("prlimit", errno);
  Result result = Result::of(Result::Kind::Bigs);
  result.bigs = {limits.rlim_cur, limits.rlim_max};
  return result;
}

// struct sched_attr as it goes to the kernel, which reads its size from it.
Result setScheduler(const Args& args) {
  return Result::nothingOrFail("sched_setattr", ::syscall(SYS_sched_setattr, args.integer(0), args.data(1).data, 0));
}

Result setIoPriority(const Args& args) {
  constexpr int kProcessGroup = 2;  // IOPRIO_WHO_PGRP
  return Result::nothingOrFail("ioprio_set", ::syscall(SYS_ioprio_set, kProcessGroup, args.integer(0), args.integer(1)));
}

Result setSubreaper(const Args& args) {
  return Result::nothingOrFail("prctl", ::prctl(PR_SET_CHILD_SUBREAPER, args.integer(0), 0, 0, 0));
}

const Call rows[] = {
    {"commandLine", "", commandLine},
    {"environ", "", environment},
    {"cwd", "", cwd},
    {"getpid", "", getpid},
    {"geteuid", "", geteuid},
    {"getegid", "", getegid},
    {"uname", "", uname},
    {"isatty", "i", isatty},
    {"now", "", now},
    {"monotonic", "", monotonic},
    {"kill", "ii", kill},
    {"pidfdOpen", "i", pidfdOpen},
    {"pidfdSendSignal", "ii", pidfdSendSignal},
    {"waitPidfd", "i", waitPidfd},
    {"pidfdExit", "i", pidfdExit},
    {"prlimit", "iiww", prlimit},
    {"getrlimit", "i", getrlimit},
    {"setScheduler", "ib", setScheduler},
    {"setIoPriority", "ii", setIoPriority},
    {"setSubreaper", "i", setSubreaper},
};

}  // namespace

Table process() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
