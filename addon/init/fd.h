// One owned file descriptor.
#pragma once
#include "sys.h"

class Fd {
 public:
  Fd() = default;
  explicit Fd(long fd) : fd_(static_cast<int>(fd)) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(-1); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // Takes a system call's result: a descriptor, or -errno for none.
  void reset(long fd) {
    if (fd_ >= 0) sys::close(fd_);
    fd_ = static_cast<int>(fd);
  }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};
