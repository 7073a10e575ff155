// The pointers for execve, which the plan holds as offsets: pages of their own, as many as it takes.
#pragma once
#include "walker.h"

class Pointers {
 public:
  // For two lists of count strings in all, each ended by a null.
  explicit Pointers(size_t count) : size_((count + 2) * sizeof(const char*)) {
    at_ = sys::mmap(nullptr, size_, sys::kProtRead | sys::kProtWrite, sys::kMapPrivate | sys::kMapAnonymous, -1, 0);
    next_ = reinterpret_cast<const char**>(at_);
  }
  Pointers(const Pointers&) = delete;
  Pointers& operator=(const Pointers&) = delete;
  ~Pointers() {
    if (made()) sys::munmap(reinterpret_cast<void*>(at_), size_);
  }
  Result result() const { return made() ? kDone : outcome(wire::Operation::Execve, at_); }
  // The next list; strings that start with skipped are left out.
  const char* const* strings(const Plan& plan, uint32_t array, uint32_t count, const char* skipped = nullptr) {
    const char** first = next_;
    for (uint32_t i = 0; i < count; i++) {
      const char* s = plan.text(array, i);
      if (!skipped || !text::startsWith(s, skipped)) *next_++ = s;
    }
    *next_++ = nullptr;
    return first;
  }
  // Adds one to the list just made.
  void append(const char* s) {
    next_[-1] = s;
    *next_++ = nullptr;
  }

 private:
  bool made() const { return at_ >= 0 || at_ < -4095; }
  size_t size_;
  long at_;
  const char** next_;
};
