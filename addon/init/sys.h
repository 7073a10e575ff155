// Raw system calls without libc: each wrapper returns what the kernel does, -errno on failure, and keeps no state.
// Works freestanding (init) and hosted (core). With TSRUN_RECORD, syscall6 and clone are the test's own functions.
#pragma once
#include "abi.h"

namespace sys {

#ifdef TSRUN_RECORD
long syscall6(long number, long a, long b, long c, long d, long e, long f);
long cloneRaw(long number, long a, long b, long c, long d, long e, int (*run)(void*), void* argument);
#elif defined(__x86_64__)
inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}

// The child starts on its own stack, so it never touches a frame of the caller, and must not return.
inline long cloneRaw(long number, long a, long b, long c, long d, long e, int (*run)(void*), void* argument) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register int (*r12)(void*) asm("r12") = run;
  register void* r13 asm("r13") = argument;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r12), "r"(r13), [exit] "i"(__NR_exit_group)
      : "rcx", "r11", "memory", "cc");
  return result;
}
#elif defined(__aarch64__)
inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
  return x0;
}

// The child starts on its own stack, so it never touches a frame of the caller, and must not return.
inline long cloneRaw(long number, long a, long b, long c, long d, long e, int (*run)(void*), void* argument) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register int (*x9)(void*) asm("x9") = run;
  register void* x10 asm("x10") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #1\n"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9), "r"(x10), [exit] "i"(__NR_exit_group)
      : "memory", "cc");
  return x0;
}
#endif

template <class T>
inline long word(T value) {
  return static_cast<long>(value);
}
template <class T>
inline long word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}
inline long word(decltype(nullptr)) { return 0; }

template <class A = long, class B = long, class C = long, class D = long, class E = long, class F = long>
inline long call(long number, A a = 0, B b = 0, C c = 0, D d = 0, E e = 0, F f = 0) {
  return syscall6(number, word(a), word(b), word(c), word(d), word(e), word(f));
}

[[noreturn]] inline void exit(int status) {
  for (;;) call(__NR_exit_group, status);
}

// Files
inline long openat(int dir, const char* path, int flags, uint32_t mode = 0) { return call(__NR_openat, dir, path, flags, mode); }
inline long openat2(int dir, const char* path, const OpenHow* how) { return call(kNrOpenat2, dir, path, how, sizeof *how); }
inline long close(int fd) { return call(__NR_close, fd); }
inline long read(int fd, void* buffer, size_t size) { return call(__NR_read, fd, buffer, size); }
inline long write(int fd, const void* buffer, size_t size) { return call(__NR_write, fd, buffer, size); }
inline long lseek(int fd, long offset, int whence) { return call(__NR_lseek, fd, offset, whence); }
inline long statx(int dir, const char* path, int flags, uint32_t mask, Statx* out) { return call(__NR_statx, dir, path, flags, mask, out); }
inline long fstatfs(int fd, Statfs* out) { return call(__NR_fstatfs, fd, out); }
inline long mkdirat(int dir, const char* path, uint32_t mode) { return call(__NR_mkdirat, dir, path, mode); }
inline long mknodat(int dir, const char* path, uint32_t mode, uint32_t device) { return call(__NR_mknodat, dir, path, mode, device); }
inline long symlinkat(const char* target, int dir, const char* path) { return call(__NR_symlinkat, target, dir, path); }
inline long unlinkat(int dir, const char* path, int flags) { return call(__NR_unlinkat, dir, path, flags); }
inline long readlinkat(int dir, const char* path, char* out, size_t size) { return call(__NR_readlinkat, dir, path, out, size); }
inline long fchownat(int dir, const char* path, uint32_t uid, uint32_t gid, int flags) { return call(__NR_fchownat, dir, path, uid, gid, flags); }
inline long faccessat(int dir, const char* path, int mode) { return call(__NR_faccessat, dir, path, mode); }
inline long faccessat2(int dir, const char* path, int mode, int flags) { return call(kNrFaccessat2, dir, path, mode, flags); }
inline long getdents64(int fd, void* buffer, size_t size) { return call(__NR_getdents64, fd, buffer, size); }
inline long fchmod(int fd, uint32_t mode) { return call(__NR_fchmod, fd, mode); }
inline long ftruncate(int fd, long size) { return call(__NR_ftruncate, fd, size); }
inline long sendfile(int to, int from, long* offset, size_t size) { return call(__NR_sendfile, to, from, offset, size); }
inline long utimensat(int dir, const char* path, const Timespec* times, int flags) { return call(__NR_utimensat, dir, path, times, flags); }
inline long flistxattr(int fd, char* names, size_t size) { return call(__NR_flistxattr, fd, names, size); }
inline long fgetxattr(int fd, const char* name, void* value, size_t size) { return call(__NR_fgetxattr, fd, name, value, size); }
inline long fsetxattr(int fd, const char* name, const void* value, size_t size) { return call(__NR_fsetxattr, fd, name, value, size, 0); }
inline long fcntl(int fd, int command, long argument) { return call(__NR_fcntl, fd, command, argument); }
inline long dup3(int from, int to, int flags) { return call(__NR_dup3, from, to, flags); }
inline long pipe2(int* ends, int flags) { return call(__NR_pipe2, ends, flags); }
inline long closeRange(unsigned first, unsigned last, unsigned flags) { return call(kNrCloseRange, first, last, flags); }
inline long ioctl(int fd, unsigned request, void* argument) { return call(__NR_ioctl, fd, request, argument); }
inline long ioctl(int fd, unsigned request, long argument) { return call(__NR_ioctl, fd, request, argument); }
inline long chdir(const char* path) { return call(__NR_chdir, path); }
inline long fchdir(int fd) { return call(__NR_fchdir, fd); }
inline long getcwd(char* buffer, size_t size) { return call(__NR_getcwd, buffer, size); }
inline long chroot(const char* path) { return call(__NR_chroot, path); }
inline long umask(uint32_t mask) { return call(__NR_umask, mask); }
inline long mmap(void* at, size_t size, int protection, int flags, int fd, long offset) { return call(__NR_mmap, at, size, protection, flags, fd, offset); }
inline long munmap(void* at, size_t size) { return call(__NR_munmap, at, size); }

// Mounts
inline long mount(const char* source, const char* target, const char* type, unsigned long flags, const void* data) {
  return call(__NR_mount, source, target, type, flags, data);
}
inline long umount2(const char* target, int flags) { return call(__NR_umount2, target, flags); }
inline long pivotRoot(const char* root, const char* old) { return call(__NR_pivot_root, root, old); }
inline long openTree(int dir, const char* path, unsigned flags) { return call(kNrOpenTree, dir, path, flags); }
inline long moveMount(int from, const char* fromPath, int to, const char* toPath, unsigned flags) {
  return call(kNrMoveMount, from, fromPath, to, toPath, flags);
}
inline long fsopen(const char* type, unsigned flags) { return call(kNrFsopen, type, flags); }
inline long fsconfig(int fd, unsigned command, const char* key, const void* value, int aux) { return call(kNrFsconfig, fd, command, key, value, aux); }
inline long fsmount(int fd, unsigned flags, unsigned attributes) { return call(kNrFsmount, fd, flags, attributes); }
inline long mountSetattr(int dir, const char* path, unsigned flags, const MountAttr* attr) {
  return call(kNrMountSetattr, dir, path, flags, attr, sizeof *attr);
}

// Processes
inline long setns(int fd, int flags) { return call(__NR_setns, fd, flags); }
inline long unshare(unsigned long flags) { return call(__NR_unshare, flags); }
inline long setsid() { return call(__NR_setsid); }
inline long setpgid(int pid, int group) { return call(__NR_setpgid, pid, group); }
inline long kill(int pid, int signal) { return call(__NR_kill, pid, signal); }
inline long wait4(int pid, int* status, int options) { return call(__NR_wait4, pid, status, options, nullptr); }
inline long execve(const char* path, const char* const* args, const char* const* env) { return call(__NR_execve, path, args, env); }
inline long execveat(int dir, const char* path, const char* const* args, const char* const* env, int flags) {
  return call(__NR_execveat, dir, path, args, env, flags);
}
inline long rtSigaction(int signal, const SigAction* action, SigAction* old) { return call(__NR_rt_sigaction, signal, action, old, 8); }
inline long rtSigprocmask(int how, const uint64_t* set, uint64_t* old) { return call(__NR_rt_sigprocmask, how, set, old, 8); }
inline long prctl(int option, unsigned long a = 0, unsigned long b = 0, unsigned long c = 0, unsigned long d = 0) {
  return call(__NR_prctl, option, a, b, c, d);
}
inline long capget(CapHeader* header, CapData* data) { return call(__NR_capget, header, data); }
inline long capset(CapHeader* header, const CapData* data) { return call(__NR_capset, header, data); }
inline long setgroups(size_t count, const uint32_t* groups) { return call(__NR_setgroups, count, groups); }
inline long setresgid(uint32_t real, uint32_t effective, uint32_t saved) { return call(__NR_setresgid, real, effective, saved); }
inline long setresuid(uint32_t real, uint32_t effective, uint32_t saved) { return call(__NR_setresuid, real, effective, saved); }
inline long sethostname(const char* name, size_t length) { return call(__NR_sethostname, name, length); }
inline long setdomainname(const char* name, size_t length) { return call(__NR_setdomainname, name, length); }
inline long schedSetaffinity(int pid, size_t size, const void* cpus) { return call(__NR_sched_setaffinity, pid, size, cpus); }
inline long personality(uint32_t persona) { return call(__NR_personality, persona); }
inline long setMempolicy(int mode, const void* nodes, unsigned long bits) { return call(__NR_set_mempolicy, mode, nodes, bits); }
inline long prlimit(int pid, unsigned resource, const Rlimit* set, Rlimit* old) { return call(__NR_prlimit64, pid, resource, set, old); }
inline long seccomp(unsigned operation, unsigned flags, const void* argument) { return call(__NR_seccomp, operation, flags, argument); }
inline long pidfdOpen(int pid, unsigned flags) { return call(kNrPidfdOpen, pid, flags); }
inline long pidfdSendSignal(int fd, int signal) { return call(kNrPidfdSendSignal, fd, signal, nullptr, 0); }
inline long ppoll(PollFd* fds, unsigned count, const Timespec* timeout) { return call(__NR_ppoll, fds, count, timeout, nullptr, 8); }
inline long clockGettime(int clock, Timespec* out) { return call(__NR_clock_gettime, clock, out); }
inline long socket(int domain, int type, int protocol) { return call(__NR_socket, domain, type, protocol); }
inline long keyctl(int operation, long a, long b, long c) { return call(__NR_keyctl, operation, a, b, c); }
inline long send(int fd, const void* data, size_t size, int flags) { return call(__NR_sendto, fd, data, size, flags, nullptr, 0); }
inline long sendmsg(int fd, const MessageHeader* message, int flags) { return call(__NR_sendmsg, fd, message, flags); }

}  // namespace sys
