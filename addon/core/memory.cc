#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace core {
namespace {

// Since 6.3, and missing from older headers.
constexpr unsigned kNoExecSeal = 8;
constexpr unsigned kExec = 16;

}  // namespace

Fd makeMemory(const char* name, Use use) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = ::memfd_create(name, flags | (use == Use::Program ? kExec : kNoExecSeal));
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create(name, flags);
  return Fd(fd);
}

int fill(int fd, View data) {
  for (size_t at = 0; at < data.size;) {
    ssize_t wrote = uninterrupted([&] { return ::pwrite(fd, data.data + at, data.size - at, at); });
    if (wrote < 0) return errno;
    at += wrote;
  }
  return 0;
}

int seal(int fd) {
  return ::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0 ? errno : 0;
}

Fd makeSealed(const char* name, Use use, View data) {
  Fd fd = makeMemory(name, use);
  if (!fd) return fd;
  int error = fill(fd.get(), data);
  if (!error) error = seal(fd.get());
  if (!error) return fd;
  errno = error;
  return Fd();
}

}  // namespace core
