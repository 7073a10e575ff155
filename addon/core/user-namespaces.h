#pragma once
#include "value.h"

namespace core {

// A new user namespace with these id maps (lines of user_namespaces(7)), as a descriptor; no process stays in it.
Result makeUserNamespace(const std::string& uidMap, const std::string& gidMap);

// The id maps of a user namespace as this process sees them, and whether setgroups(2) is allowed in it: uid_map, gid_map,
// "allow" or "deny". -1 asks for our own.
Result readUserNamespace(int space);

}  // namespace core
