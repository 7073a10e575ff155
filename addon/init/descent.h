// Resolution of a path one component at a time, each opened with O_NOFOLLOW below the one before: what openat2 does with
// RESOLVE_IN_ROOT, for kernels and seccomp profiles without it, and for making what is missing. ".." is never given to the
// kernel: the path so far is walked again without its last component, so a directory moved meanwhile leads nowhere else.
#pragma once
#include "paths.h"

class Descent {
 public:
  // Resolves path below the directory root and gives an O_PATH descriptor. On failure, component() is where.
  Result run(int root, const char* path, const Lookup& lookup, Fd& out);
  const char* component() const { return name_; }

 private:
  static constexpr size_t kPathMax = 4096;
  static constexpr unsigned kMostLinks = 40;  // as the kernel
  static constexpr unsigned kMostRestarts = 128;
  static constexpr unsigned kMostRaces = 16;

  bool take();
  bool last() const;
  Result prepend(const char* path);
  Result restart(Fd& current);
  Result up(Fd& current);
  Result down(Fd& current);
  Result open(int parent, Fd& next);
  Result make(int parent);
  Result follow(Fd& current, int link);

  // All zero, so that a static one needs no initialisation at run time: nothing would do it here.
  int root_ = 0;
  Lookup lookup_{};
  sys::Statx stat_{};  // of what the path has led to so far
  uint64_t mount_ = 0;
  unsigned links_ = 0, restarts_ = 0;
  size_t at_ = 0;
  char name_[256] = {};
  char done_[kPathMax] = {};  // the components walked so far: no links, no dots
  char todo_[2 * kPathMax] = {};
  char scratch_[2 * kPathMax] = {};
};
