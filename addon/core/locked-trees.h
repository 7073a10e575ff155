#pragma once
#include "value.h"

namespace core {

// Detached copies of mounts whose flags nobody can take away again, as the kernel wants them in a mount namespace with fewer
// rights (mount_namespaces(7)): a descriptor for each path, or -errno. Flags of open_tree(2).
Result openLockedTrees(const std::vector<std::string>& paths, const std::vector<int>& flags);

}  // namespace core
