// The plan that smoke.cc walks: every kind of step that needs no cgroup and no seccomp profile.
#pragma once
#include <string>
#include <vector>

#include "../init/sys.h"

struct Options {
  const char* init;
  std::string rootfs;
  bool user = false, launcher = false, nopivot = false, hook = false, quiet = false;
  std::string deny;
  int times = 1;
  std::vector<std::string> program;
};

// The CLONE_NEW* flags of the container.
uint32_t namespacesOf(const Options& options);

std::string makePlan(const Options& options);
