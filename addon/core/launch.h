#pragma once
#include "value.h"

namespace core {

// Starts init (or the launcher) on a plan, as runtime/host/port.ts's LaunchOptions say.
struct Launch {
  View plan;
  std::vector<int> fds;
  int preserve = 0;
  uint32_t namespaces = 0;
  int cgroup = -1;
  bool launcher = false;
};

Result launch(const Launch& options);

}  // namespace core
