// Mounts by descriptor: trees are cloned or made detached, given their attributes, and attached to a descriptor of the
// target, so no path is resolved twice (R2, R7). The old mount(2) is the fallback, by way of the verified procfs.
#pragma once
#include "paths.h"

// MOUNT_ATTR_* of one mount: for itself, then for everything below it.
struct Attributes {
  uint32_t set = 0, clear = 0, recursiveSet = 0, recursiveClear = 0;
};

// What follows when a tree has been made: where it goes and what it becomes.
struct Placement {
  int target;
  Attributes attributes;
  const uint32_t* propagation = nullptr;  // MS_SHARED and the like, perhaps with MS_REC, in order
  uint32_t propagations = 0;
  bool foreign = false;   // the tree comes from the host's mount namespace
  bool noFollow = false;  // the target is a symbolic link itself
};

// A tree that the parent has opened still shares its mounts with the host, where everything mounted below it would appear:
// from here on it only receives.
Result estrange(Walker& walker, int mount);

// A detached copy of the mount that holds path below dir; path may be "" with an O_PATH descriptor of the place.
// -ENOSYS where openRoot has found that trees can't be cloned or moved.
long cloneTree(const Walker& walker, int dir, const char* path, bool recursive, bool follow = true);

// Attaches a detached tree on an O_PATH descriptor.
Result attach(int tree, int target);

// mount_setattr on an attached or detached mount; ENOSYS or EPERM where it is missing or denied (or a flag is locked).
Result changeAttributes(int mount, bool recursive, uint32_t set, uint32_t clear);

// The same on an attached mount by mount(MS_REMOUNT | MS_BIND): not recursive, keeps the flags that aren't named.
Result remountAttributes(Walker& walker, int mount, uint32_t set, uint32_t clear);

// Attributes on the detached tree, then attach, then propagation.
Result place(Walker& walker, int tree, const Placement& placement);

// The whole of it where there is no open_tree: binds what source stands for on the target, whose container path is path.
Result placeByMount(Walker& walker, int source, bool recursive, const char* path, const Placement& placement);

// mount(2) with an O_PATH descriptor as target. A source of the form self/fd/N is one of our own descriptors.
long mountOn(Walker& walker, const char* source, int target, const char* type, unsigned long flags, const void* data);

// After mount(2) on the target: the descriptor of the new mount, found by its container path and verified to be another mount.
Result openMounted(Walker& walker, const char* path, const Placement& placement, Fd& out);

// The MS_* flags for a set of MOUNT_ATTR_*.
unsigned long mountFlags(uint32_t attributes);

Result setPropagation(Walker& walker, int mount, const Placement& placement);
