#include "call.h"

#include <sanitizer/asan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../init/sys.h"
#include "harness.h"

namespace recorder {
namespace {

// Arguments: d descriptor, i number, x flags, s string, ? string or null, o out or in memory of 256 bytes at most (not
// followed), b buffer with the length in the next argument, h open_how, l list of strings, - nothing to show.
struct Shape {
  long number;
  const char* name;
  const char* arguments;
};
constexpr Shape kShapes[] = {
    {__NR_openat, "openat", "dsxx"}, {sys::kNrOpenat2, "openat2", "dshi"}, {__NR_close, "close", "d"}, {__NR_read, "read", "dbi"},
    {__NR_write, "write", "dbi"}, {__NR_lseek, "lseek", "dii"}, {__NR_statx, "statx", "dsx-o"}, {__NR_fstatfs, "fstatfs", "do"},
    {__NR_mkdirat, "mkdirat", "dsx"}, {__NR_mknodat, "mknodat", "dsxx"}, {__NR_symlinkat, "symlinkat", "sds"}, {__NR_unlinkat, "unlinkat", "dsx"},
    {__NR_readlinkat, "readlinkat", "dsbi"}, {__NR_fchownat, "fchownat", "dsiix"}, {__NR_faccessat, "faccessat", "dsx"},
    {sys::kNrFaccessat2, "faccessat2", "dsxx"}, {__NR_fcntl, "fcntl", "dii"}, {__NR_dup3, "dup3", "dix"}, {__NR_pipe2, "pipe2", "ox"},
    {__NR_fchmod, "fchmod", "dx"}, {__NR_ftruncate, "ftruncate", "di"}, {__NR_sendfile, "sendfile", "dd-i"}, {__NR_utimensat, "utimensat", "d?ox"},
    {__NR_flistxattr, "flistxattr", "dbi"}, {__NR_fgetxattr, "fgetxattr", "dsbi"}, {__NR_getdents64, "getdents64", "dbi"},
    {sys::kNrCloseRange, "close_range", "iix"}, {__NR_chdir, "chdir", "s"}, {__NR_fchdir, "fchdir", "d"}, {__NR_getcwd, "getcwd", "bi"},
    {__NR_chroot, "chroot", "s"}, {__NR_umask, "umask", "x"}, {__NR_mmap, "mmap", "-ixx-i"}, {__NR_munmap, "munmap", "-i"},
    {__NR_mount, "mount", "?s?x?"}, {__NR_umount2, "umount2", "sx"}, {__NR_pivot_root, "pivot_root", "ss"}, {sys::kNrOpenTree, "open_tree", "dsx"},
    {sys::kNrMoveMount, "move_mount", "dsdsx"}, {sys::kNrFsopen, "fsopen", "sx"}, {sys::kNrFsconfig, "fsconfig", "di??i"},
    {sys::kNrFsmount, "fsmount", "dxx"}, {sys::kNrMountSetattr, "mount_setattr", "dsxai"}, {__NR_setns, "setns", "dx"}, {__NR_unshare, "unshare", "x"},
    {__NR_setsid, "setsid", ""}, {__NR_setpgid, "setpgid", "ii"}, {__NR_kill, "kill", "ii"}, {__NR_wait4, "wait4", "iox"},
    {__NR_execve, "execve", "sll"}, {__NR_rt_sigaction, "rt_sigaction", "ioo"}, {__NR_rt_sigprocmask, "rt_sigprocmask", "ioo"},
    {__NR_prctl, "prctl", "iii"}, {__NR_capget, "capget", "oo"}, {__NR_capset, "capset", "oo"}, {__NR_setgroups, "setgroups", "i-"},
    {__NR_setresgid, "setresgid", "iii"}, {__NR_setresuid, "setresuid", "iii"}, {__NR_sethostname, "sethostname", "bi"},
    {__NR_setdomainname, "setdomainname", "bi"}, {__NR_prlimit64, "prlimit", "iioo"}, {__NR_seccomp, "seccomp", "ixo"}, {__NR_ppoll, "ppoll", "oio"},
    {__NR_clock_gettime, "clock_gettime", "io"}, {__NR_sendto, "sendto", "dbix"}, {__NR_sendmsg, "sendmsg", "dox"}, {__NR_socket, "socket", "iii"}, {__NR_ioctl, "ioctl", "dxo"},
    {__NR_fsetxattr, "fsetxattr", "dsbii"}, {__NR_sched_setaffinity, "sched_setaffinity", "iio"}, {__NR_personality, "personality", "x"},
    {__NR_set_mempolicy, "set_mempolicy", "xoi"}, {__NR_keyctl, "keyctl", "iiii"}, {sys::kNrClone3, "clone3", "oi"}, {__NR_clone, "clone", "xii"},
};

const Shape& shapeOf(long number) {
  for (const Shape& shape : kShapes)
    if (shape.number == number) return shape;
  printf("  a system call that the recorder doesn't know: %ld\n", number);
  std::abort();
}

void checkMemory(const Call& call, long at, size_t size) {
  if (at && size && __asan_region_is_poisoned(reinterpret_cast<void*>(at), size)) complain(call, "memory that is not there");
}

std::string quoted(const char* s) {
  std::string out = "\"";
  for (; *s && out.size() < 200; s++) out += *s >= 32 && *s < 127 ? *s : '?';
  return out + "\"";
}

std::string hex(unsigned long value) {
  char text[32];
  snprintf(text, sizeof text, "%#lx", value);
  return value ? text : "0";
}

std::string showList(const char* const* list) {
  std::string out = "[";
  for (; *list; list++) out += (out.size() > 1 ? " " : "") + quoted(*list);
  return out + "]";
}

void checkDescriptor(const Call& call, int fd, const IsOpen& open) {
  bool probe = is(call, "fcntl");
  if (!probe && fd != sys::kAtFdcwd && !open(fd)) complain(call, "descriptor " + std::to_string(fd) + " is not open");
}

void checkText(const Call& call, const char* s) {
  // Poisoned memory is reported here, where the string is read to its end.
  size_t size = 0;
  while (s[size]) size++;
  checkMemory(call, sys::word(s), size + 1);
}

void checkArgument(const Call& call, char kind, size_t index, const IsOpen& open) {
  long value = call.args[index];
  switch (kind) {
    case 'd':
      return checkDescriptor(call, static_cast<int>(value), open);
    case 's':
    case '?':
      if (value) return checkText(call, reinterpret_cast<const char*>(value));
      if (kind == 's') complain(call, "no string");
      return;
    case 'b':
      return checkMemory(call, value, static_cast<size_t>(call.args[index + 1]));
    case 'l':
      for (auto list = reinterpret_cast<const char* const*>(value); checkMemory(call, sys::word(list), sizeof *list), *list; list++)
        checkText(call, *list);
      return;
    case 'h':
    case 'a':
      return checkMemory(call, value, static_cast<size_t>(call.args[index + 1]));
    case 'o':
      return checkMemory(call, value, 1);
    default:
      return;
  }
}

std::string showArgument(const Call& call, char kind, size_t index) {
  long value = call.args[index];
  switch (kind) {
    case 'd':
      return static_cast<int>(value) == sys::kAtFdcwd ? "cwd" : std::to_string(static_cast<int>(value));
    case 'i':
      return std::to_string(static_cast<int>(value));
    case 'x':
      return hex(static_cast<unsigned long>(value));
    case '?':
    case 's':
      return value ? quoted(reinterpret_cast<const char*>(value)) : "null";
    case 'l':
      return showList(reinterpret_cast<const char* const*>(value));
    case 'h': {
      const auto* how = reinterpret_cast<const sys::OpenHow*>(value);
      return hex(how->flags) + " " + hex(how->resolve);
    }
    case 'a': {
      const auto* attr = reinterpret_cast<const sys::MountAttr*>(value);
      return hex(attr->set) + " " + hex(attr->clear) + " " + hex(attr->propagation);
    }
    default:
      return "_";
  }
}

}  // namespace

void complain(const Call& call, const std::string& what) { harness::fail(call.name, 0, what); }

const char* nameOf(long number) { return shapeOf(number).name; }

void checkArguments(const Call& call, const IsOpen& open) {
  const Shape& shape = shapeOf(call.number);
  for (size_t i = 0; shape.arguments[i]; i++) checkArgument(call, shape.arguments[i], i, open);
}

std::string describe(const Call& call) {
  const Shape& shape = shapeOf(call.number);
  std::string out = std::string(call.name) + "(";
  for (size_t i = 0; shape.arguments[i]; i++) out += (i ? ", " : "") + showArgument(call, shape.arguments[i], i);
  return out + ")";
}

}  // namespace recorder
