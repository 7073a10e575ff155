#pragma once
#include <string>

#include "../init/sys.h"
#include "value.h"

namespace core {

// A process that does nothing but to be in namespaces, until this object ends.
class Holder {
 public:
  Holder() = default;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { end(); }

  // In new ones (CLONE_NEW*). The process shares our memory, where it waits on a stack of its own.
  Result make(uint64_t namespaces);

  // In the given user namespace. The change of credentials is to have no effect on us: a process of its own memory.
  Result join(int space);

  // Of its folder in procfs.
  std::string path(const char* file) const { return "/proc/" + std::to_string(pid_) + "/" + file; }

 private:
  static int hold(void* argument);
  Result started(long pid);
  void end();

  alignas(16) uint8_t stack_[16 << 10];
  int gate_[2] = {-1, -1};
  int pid_ = -1;
};

}  // namespace core
