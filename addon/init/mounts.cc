#include "mounts.h"

using wire::Operation;

namespace {

struct Pair {
  uint32_t attribute;
  unsigned long flag;
};
constexpr Pair kPairs[] = {
    {sys::kAttrRdonly, sys::kMsRdonly},         {sys::kAttrNosuid, sys::kMsNosuid},   {sys::kAttrNodev, sys::kMsNodev},
    {sys::kAttrNoexec, sys::kMsNoexec},         {sys::kAttrNoatime, sys::kMsNoatime}, {sys::kAttrStrictatime, sys::kMsStrictatime},
    {sys::kAttrNodiratime, sys::kMsNodiratime}, {sys::kAttrNosymfollow, sys::kMsNosymfollow},
};
constexpr uint32_t kTimes = sys::kAttrAtime | sys::kAttrNodiratime;

// In a user namespace the access time mode of the host's mounts can't be changed: it is left as it is, since it guards
// nothing, and taken out of what is to be done.
Result changeUnlocked(Walker& walker, int tree, bool recursive, uint32_t& set, uint32_t& clear) {
  Result result = changeAttributes(tree, recursive, set, clear);
  if (result.error != EPERM || !((set | clear) & kTimes) || !walker.userNamespace) return result;
  Result without = changeAttributes(tree, recursive, set & ~kTimes, clear & ~kTimes);
  if (without.failed()) return result;
  set &= ~kTimes;
  clear &= ~kTimes;
  walker.note("the host's mode of access times is kept");
  report(walker, wire::Report::Notice, result);
  walker.detail[0] = 0;
  return kDone;
}

// nosymfollow is older (5.10) in mount(2) than in mount_setattr(2) (5.14).
bool olderKernel(Result result, const Attributes& attributes) {
  return result.error == EINVAL && (attributes.set | attributes.clear) & sys::kAttrNosymfollow;
}

// What a mount has now, from statfs.
uint32_t attributesOf(const sys::Statfs& filesystem) {
  uint32_t attributes = 0;
  for (const Pair& pair : kPairs)
    if (pair.attribute < sys::kAttrAtime && static_cast<unsigned long>(filesystem.flags) & pair.flag) attributes |= pair.attribute;
  if (filesystem.flags & static_cast<long>(sys::kMsNodiratime)) attributes |= sys::kAttrNodiratime;
  if (filesystem.flags & sys::kStNosymfollow) attributes |= sys::kAttrNosymfollow;
  if (!(filesystem.flags & (static_cast<long>(sys::kMsNoatime) | sys::kStRelatime))) attributes |= sys::kAttrStrictatime;
  return attributes;
}

}  // namespace

unsigned long mountFlags(uint32_t attributes) {
  unsigned long flags = 0;
  for (const Pair& pair : kPairs)
    if (attributes & pair.attribute) flags |= pair.flag;
  return flags;
}

long cloneTree(const Walker& walker, int dir, const char* path, bool recursive, bool follow) {
  if (walker.noTrees) return -ENOSYS;
  unsigned flags = sys::kOpenTreeClone | sys::kOpenTreeCloexec;
  if (recursive) flags |= sys::kAtRecursive;
  if (!*path) flags |= sys::kAtEmptyPath;
  if (!follow) flags |= sys::kAtSymlinkNofollow;
  return sys::openTree(dir, path, flags);
}

Result attach(int tree, int target) {
  return outcome(Operation::Move_mount, sys::moveMount(tree, "", target, "", sys::kMoveMountFromEmptyPath | sys::kMoveMountToEmptyPath));
}

Result changeAttributes(int mount, bool recursive, uint32_t set, uint32_t clear) {
  // The kernel takes an access time mode only as a whole (mount_setattr(2)).
  if ((set | clear) & sys::kAttrAtime) clear |= sys::kAttrAtime;
  if (!set && !clear) return kDone;
  sys::MountAttr attr{set, clear, 0, 0};
  unsigned flags = sys::kAtEmptyPath | (recursive ? sys::kAtRecursive : 0);
  return outcome(Operation::Mount_setattr, sys::mountSetattr(mount, "", flags, &attr));
}

Result remountAttributes(Walker& walker, int mount, uint32_t set, uint32_t clear) {
  sys::Statfs filesystem{};
  Result result = outcome(Operation::Statfs, sys::fstatfs(mount, &filesystem));
  if (result.failed()) return result;
  bool times = (set | clear) & kTimes;
  if ((set | clear) & sys::kAttrAtime) clear |= sys::kAttrAtime;
  uint32_t wanted = (attributesOf(filesystem) & ~clear) | set;
  // Without any access time flag, a remount keeps them all (mount(2)).
  unsigned long flags = mountFlags(times ? wanted : wanted & ~kTimes);
  if (times && !(wanted & sys::kAttrAtime)) flags |= sys::kMsRelatime;
  return outcome(Operation::Mount, mountOn(walker, nullptr, mount, nullptr, flags | sys::kMsRemount | sys::kMsBind, nullptr));
}

Result place(Walker& walker, int tree, const Placement& placement) {
  Attributes attributes = placement.attributes;
  Result single = changeUnlocked(walker, tree, false, attributes.set, attributes.clear);
  if (single.failed() && !single.denied() && !olderKernel(single, attributes)) return single;
  Result result = changeUnlocked(walker, tree, true, attributes.recursiveSet, attributes.recursiveClear);
  if (result.failed()) return result;
  result = attach(tree, placement.target);
  if (result.failed()) return result;
  if (single.failed()) {
    result = remountAttributes(walker, tree, attributes.set, attributes.clear);
    if (result.error == EPERM && attributes.clear) walker.note("a flag that the host's mount has can't be taken away in a user namespace");
    if (result.failed()) return result;
  }
  if (placement.foreign) result = estrange(walker, tree);
  return result.failed() ? result : setPropagation(walker, tree, placement);
}

Result placeByMount(Walker& walker, int source, bool recursive, const char* path, const Placement& placement) {
  const Attributes& attributes = placement.attributes;
  unsigned long flags = sys::kMsBind | (recursive ? sys::kMsRec : 0);
  Result result = outcome(Operation::Mount, mountOn(walker, ProcPath(source).get(), placement.target, nullptr, flags, nullptr));
  if (result.failed()) return result;
  Fd mount;
  result = openMounted(walker, path, placement, mount);
  if (result.failed()) return result;
  if (attributes.set | attributes.clear) result = remountAttributes(walker, mount.get(), attributes.set, attributes.clear);
  if (result.failed()) return result;
  result = changeAttributes(mount.get(), true, attributes.recursiveSet, attributes.recursiveClear);
  return result.failed() ? result : setPropagation(walker, mount.get(), placement);
}

Result estrange(Walker& walker, int mount) {
  constexpr uint32_t slave[] = {sys::kMsSlave | sys::kMsRec};
  return setPropagation(walker, mount, {mount, {}, slave, 1});
}

Result setPropagation(Walker& walker, int mount, const Placement& placement) {
  for (uint32_t i = 0; i < placement.propagations; i++) {
    unsigned long flags = placement.propagation[i];
    sys::MountAttr attr{0, 0, flags & ~sys::kMsRec, 0};
    unsigned options = sys::kAtEmptyPath | (flags & sys::kMsRec ? sys::kAtRecursive : 0);
    Result result = outcome(Operation::Mount_setattr, sys::mountSetattr(mount, "", options, &attr));
    if (result.denied()) result = outcome(Operation::Mount, mountOn(walker, nullptr, mount, nullptr, flags, nullptr));
    if (result.failed()) return result;
  }
  return kDone;
}

long mountOn(Walker& walker, const char* source, int target, const char* type, unsigned long flags, const void* data) {
  if (walker.proc < 0) return -ENOSYS;
  // Paths are relative to the verified procfs: after pivotRoot the container's /proc is not to be trusted (R4).
  Fd here(sys::openat(sys::kAtFdcwd, ".", sys::kPath | sys::kDirectory | sys::kCloexec));
  if (!here.open()) return here.get();
  long result = sys::fchdir(walker.proc);
  if (result < 0) return result;
  result = sys::mount(source, ProcPath(target).get(), type, flags, data);
  long back = sys::fchdir(here.get());
  return result < 0 ? result : back;
}

Result openMounted(Walker& walker, const char* path, const Placement& placement, Fd& out) {
  Lookup lookup;
  lookup.noFollow = placement.noFollow;
  Result result = openInRoot(walker, path, lookup, out);
  if (result.failed()) return result;
  sys::Statx before{}, after{};
  result = outcome(Operation::Fstat, status(placement.target, before));
  if (result.failed()) return result;
  result = outcome(Operation::Fstat, status(out.get(), after));
  if (result.failed()) return result;
  bool mounted = after.mntId != before.mntId && after.attributes & sys::kStatxAttrMountRoot;
  return mounted ? kDone : fault(Operation::Verify, ESTALE);
}
