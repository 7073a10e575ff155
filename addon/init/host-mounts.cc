#include "host-mounts.h"

using wire::Operation;

namespace {

struct Place {
  const char* type;
  const char* path;
  long magic;
};
constexpr Place kPlaces[] = {{"sysfs", "/sys", sys::kSysfsMagic}, {"proc", "/proc", sys::kProcMagic}, {"mqueue", "/dev/mqueue", sys::kMqueueMagic}};

// A host may have another thing in that place, or nothing.
Result take(Walker& walker, const Place& place, Fd& tree) {
  walker.note(place.path);
  tree.reset(cloneTree(walker, sys::kAtFdcwd, place.path, true));
  if (!tree.open()) return outcome(Operation::Open_tree, tree.get());
  sys::Statfs filesystem{};
  Result result = outcome(Operation::Statfs, sys::fstatfs(tree.get(), &filesystem));
  if (!result.failed() && filesystem.type != place.magic) result = fault(Operation::Mount, EPERM);
  return result;
}

Result sealCgroups(Walker& walker, const char* target) {
  static char path[4096];
  if (!text::Writer(path, sizeof path).add(target).add("/fs/cgroup").fits()) return fault(Operation::Resolve, ENAMETOOLONG);
  Lookup lookup;
  lookup.noSymlinks = true;
  Fd cgroups;
  Result result = openInRoot(walker, path, lookup, cgroups);
  walker.detail[0] = 0;
  if (result.error == ENOENT) return kDone;
  if (!result.failed()) result = changeAttributes(cgroups.get(), true, sys::kAttrRdonly, 0);
  // Where nothing is mounted there is nothing to write to.
  return result.error == EINVAL ? kDone : result;
}

}  // namespace

Result bindHost(Walker& walker, const wire::Mount& step, const Placement& placement) {
  const char* type = walker.text(step.type);
  for (const Place& place : kPlaces) {
    if (!text::equal(place.type, type)) continue;
    Fd tree;
    Result result = take(walker, place, tree);
    if (result.failed()) return result;
    Placement whole = placement;
    whole.attributes = {0, 0, step.attrSet | step.recursiveSet, 0};
    result = ::place(walker, tree.get(), whole);
    bool readonly = whole.attributes.recursiveSet & sys::kAttrRdonly;
    return result.failed() || readonly || place.magic != sys::kSysfsMagic ? result : sealCgroups(walker, walker.text(step.target));
  }
  return fault(Operation::Mount, EPERM);
}
