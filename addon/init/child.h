// What init, launcher and core all need around clone and exec: header-only, raw system calls, no allocation.
#pragma once
#include "sys.h"

namespace child {

// clone3 of a process that runs run(argument) on args.stack and exits with its result; clone(2) where clone3 is
// missing or denied (a seccomp profile that can't look into clone3 answers ENOSYS or EPERM). Returns the pid or -errno.
// args.pidfd holds the address of an int when CLONE_PIDFD is set. What only clone3 can do is then an error.
inline long clone(sys::CloneArgs& args, int (*run)(void*), void* argument) {
  long result = sys::cloneRaw(sys::kNrClone3, sys::word(&args), sizeof args, 0, 0, 0, run, argument);
  bool denied = result == -ENOSYS || result == -EPERM;
  constexpr uint64_t only3 = sys::kCloneIntoCgroup | sys::kCloneNewtime;
  if (!denied || (args.flags & only3)) return result;
  long flags = static_cast<long>((args.flags & 0xffffff00u) | args.exitSignal);
  long top = static_cast<long>(args.stack + args.stackSize);
  // The order of the last two arguments depends on the architecture; both are unused.
  return sys::cloneRaw(__NR_clone, flags, top, static_cast<long>(args.pidfd), 0, 0, run, argument);
}

// A copy of this process, as fork makes it: 0 in the child, the pid in the parent, or -errno.
inline long fork(sys::CloneArgs& args) {
  long result = sys::call(sys::kNrClone3, &args, sizeof args);
  bool denied = result == -ENOSYS || result == -EPERM;
  constexpr uint64_t only3 = sys::kCloneIntoCgroup | sys::kCloneNewtime;
  if (!denied || (args.flags & only3)) return result;
  return sys::call(__NR_clone, (args.flags & 0xffffff00u) | args.exitSignal, 0, args.pidfd, 0, 0);
}

// Ignored signals survive execve (Node ignores SIGPIPE and SIGXFSZ), and so does the mask.
inline void resetSignals() {
  sys::SigAction standard{};
  for (int signal = 1; signal <= sys::kSignals; signal++)
    if (signal != sys::kSigkill && signal != sys::kSigstop) sys::rtSigaction(signal, &standard, nullptr);
  uint64_t none = 0;
  sys::rtSigprocmask(sys::kSigSetmask, &none, nullptr);
}

// Capabilities kept across an exec in a user namespace that has no id map yet: inheritable = permitted, all of them ambient.
inline long keepCapabilities() {
  sys::CapHeader header{sys::kCapVersion, 0};
  sys::CapData data[2];
  long result = sys::capget(&header, data);
  if (result < 0) return result;
  data[0].inheritable = data[0].permitted;
  data[1].inheritable = data[1].permitted;
  result = sys::capset(&header, data);
  if (result < 0) return result;
  uint64_t permitted = data[0].permitted | static_cast<uint64_t>(data[1].permitted) << 32;
  for (unsigned cap = 0; cap < 64; cap++)
    if (permitted >> cap & 1) {
      result = sys::prctl(sys::kPrCapAmbient, sys::kPrCapAmbientRaise, cap);
      if (result < 0) return result;
    }
  return 0;
}

// Puts from[i] at first + i, without CLOEXEC. The numbers in from are overwritten with temporary ones on the way.
inline long placeDescriptors(int* from, unsigned count, int first) {
  int end = first + static_cast<int>(count);
  for (unsigned i = 0; i < count; i++) {
    if (from[i] < first || from[i] >= end || from[i] == first + static_cast<int>(i)) continue;
    long moved = sys::fcntl(from[i], sys::kFDupfdCloexec, end);
    if (moved < 0) return moved;
    from[i] = static_cast<int>(moved);
  }
  for (unsigned i = 0; i < count; i++) {
    int to = first + static_cast<int>(i);
    long result = from[i] == to ? sys::fcntl(to, sys::kFSetfd, 0) : sys::dup3(from[i], to, 0);
    if (result < 0) return result;
  }
  return 0;
}

// Closes every descriptor from first on; without close_range, those that the host's /proc says are open.
inline long closeFrom(int first) {
  long result = sys::closeRange(static_cast<unsigned>(first), ~0u, 0);
  if (result != -ENOSYS && result != -EPERM) return result;
  long dir = sys::openat(sys::kAtFdcwd, "/proc/self/fd", sys::kRdonly | sys::kDirectory | sys::kCloexec);
  if (dir < 0) return dir;
  alignas(8) char buffer[1024];
  long size;
  while ((size = sys::getdents64(static_cast<int>(dir), buffer, sizeof buffer)) > 0)
    for (long at = 0; at < size;) {
      uint16_t length;
      __builtin_memcpy(&length, buffer + at + 16, sizeof length);
      int fd = 0;
      const char* name = buffer + at + 19;
      for (; *name >= '0' && *name <= '9'; name++) fd = fd * 10 + (*name - '0');
      if (*name == 0 && fd >= first && fd != dir) sys::close(fd);
      at += length;
    }
  sys::close(static_cast<int>(dir));
  return size;
}

}  // namespace child
