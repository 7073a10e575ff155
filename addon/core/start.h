// Starting a child that shares our memory until it executes a program: no copy of page tables, however big we are.
#pragma once
#include <stdint.h>

#include "fd.h"

namespace core {

// What the child needs, and where it says why it failed. It may only make raw system calls.
struct Child {
  int (*run)(Child&) = nullptr;  // returns only when it failed, after setting the two below
  const char* failed = nullptr;
  long error = 0;                // -errno

  int fail(const char* call, long result) {
    failed = call;
    error = result;
    return 127;
  }
};

struct Started {
  int pid = -1;
  Fd pidfd;
  const char* failed = nullptr;  // the call, when there is no child
  int error = 0;                 // errno
};

// `namespaces` are CLONE_NEW* flags; `cgroup` is a v2 directory or -1. All signals are blocked in the new program.
Started start(Child& child, uint64_t namespaces, int cgroup);

}  // namespace core
