#pragma once
#include <errno.h>
#include <unistd.h>

#include <utility>

namespace core {

// A descriptor that is closed at the end of its scope.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ < 0) return;
    int kept = errno;
    ::close(fd_);
    errno = kept;
  }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Repeats a system call that a signal interrupted.
template <typename Run>
auto uninterrupted(Run run) {
  decltype(run()) value;
  do value = run();
  while (value < 0 && errno == EINTR);
  return value;
}

}  // namespace core
