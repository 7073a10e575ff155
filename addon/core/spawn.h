#pragma once
#include "value.h"

namespace core {

// A program outside of the container, as runtime/host/port.ts's SpawnOptions say.
struct Spawn {
  const std::string& path;
  const std::vector<std::string>& args;
  const std::vector<std::string>& env;
  const std::string& cwd;
  View input;
};

Result spawn(const Spawn& options);

}  // namespace core
