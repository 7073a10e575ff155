// Filesystems that a user namespace is refused because it does not own what they show: the host's own are bound instead.
#pragma once
#include "mounts.h"

// Binds the host's mount of that kind with everything below it, with the attributes on all of it. Cgroups below a sysfs are
// read-only whatever the plan says: they may belong to the user who has mapped himself to root (CVE-2023-25809).
Result bindHost(Walker& walker, const wire::Mount& step, const Placement& placement);
