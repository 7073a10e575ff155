#include "../mounts.h"
#include "steps.h"

using wire::Operation;

namespace {

// What masks need of the host must be taken while paths still lead there (R3).
Result takeNull(Walker& walker) {
  Fd null(sys::openat(sys::kAtFdcwd, "/dev/null", sys::kPath | sys::kNofollow | sys::kCloexec));
  if (!null.open()) return outcome(Operation::Open, null.get());
  sys::Statx stat{};
  Result result = outcome(Operation::Fstat, status(null.get(), stat));
  if (result.failed()) return result;
  if (typeOf(stat) != sys::kTypeChar || stat.rdevMajor != 1 || stat.rdevMinor != 3) return fault(Operation::Verify, ENODEV);
  long tree = cloneTree(walker, null.get(), "", false);
  result = outcome(Operation::Open_tree, tree);
  if (result.failed() && !result.denied()) return result;
  walker.null = tree >= 0 ? Cover{Cover::Detached, static_cast<int>(tree)} : Cover{Cover::Path, null.release()};
  return kDone;
}

// From here on everything is mounted by mount(2).
Result dropTrees(Walker& walker) {
  walker.noTrees = true;
  if (walker.null.state != Cover::Detached) return kDone;
  sys::close(walker.null.fd);
  return takeNull(walker);
}

// The mount(2) way: path is looked up once more, above the new mount, and must be the same directory.
Result bindRoot(Walker& walker, const char* path, int directory) {
  Result result = outcome(Operation::Mount, mountOn(walker, ProcPath(directory).get(), directory, nullptr, sys::kMsBind | sys::kMsRec, nullptr));
  if (result.failed()) return result;
  Fd root(sys::openat(sys::kAtFdcwd, path, sys::kPath | sys::kDirectory | sys::kCloexec));
  if (!root.open()) return outcome(Operation::Open, root.get());
  sys::Statx before{}, after{};
  result = outcome(Operation::Fstat, status(directory, before));
  if (result.failed()) return result;
  result = outcome(Operation::Fstat, status(root.get(), after));
  if (result.failed()) return result;
  bool same = before.ino == after.ino && before.devMajor == after.devMajor && before.devMinor == after.devMinor;
  if (!same || before.mntId == after.mntId) return fault(Operation::Verify, ESTALE);
  walker.root = root.release();
  return kDone;
}

// What is mounted on a shared mount appears in every namespace that has it: the mount below the root must not be one, if
// the config keeps the host's tree shared. It is found upwards, as attributes are changed at the root of a mount.
Result makeParentPrivate(Walker& walker, int directory) {
  Fd at(sys::openat(directory, ".", sys::kPath | sys::kDirectory | sys::kCloexec));
  for (unsigned depth = 0; at.open() && depth < 4096; depth++) {
    sys::Statx stat{};
    Result result = outcome(Operation::Fstat, status(at.get(), stat));
    if (result.failed()) return result;
    if (stat.attributes & sys::kStatxAttrMountRoot) {
      constexpr uint32_t alone[] = {sys::kMsPrivate};
      return setPropagation(walker, at.get(), {at.get(), {}, alone, 1});
    }
    at.reset(sys::openat(at.get(), "..", sys::kPath | sys::kDirectory | sys::kCloexec));
  }
  return outcome(Operation::Open, at.open() ? -ELOOP : at.get());
}

// The directory that the root is mounted on. A tree of the parent's may lie where a user namespace has no access: / does
// as well then, since pivotRoot moves the mount there anyhow.
Result openPlace(Walker& walker, const wire::OpenRoot& step, Fd& out) {
  int flags = sys::kPath | sys::kDirectory | sys::kCloexec;
  out.reset(sys::openat(sys::kAtFdcwd, walker.text(step.path), flags));
  if (step.slot >= 0 && out.get() == -EACCES) out.reset(sys::openat(sys::kAtFdcwd, "/", flags));
  return outcome(Operation::Open, out.get());
}

// Whether the mount namespace is the container's own: a plan changes the propagation of its copy of the host's tree first.
bool ownMounts(const Walker& walker) {
  return walker.plan.find(wire::Op::SetPropagation) < walker.step || walker.plan.has(wire::Op::PivotRoot);
}

bool sharedTree(const Walker& walker) {
  uint32_t step = walker.plan.find(wire::Op::SetPropagation);
  return step > walker.step || walker.plan.fields<wire::SetPropagation>(step).flags & sys::kMsShared;
}

}  // namespace

Result step::setPropagation(Walker&, const wire::SetPropagation& step) {
  return outcome(Operation::Mount, sys::mount(nullptr, "/", nullptr, step.flags, nullptr));
}

Result step::openRoot(Walker& walker, const wire::OpenRoot& step) {
  // Without a procfs here only the fallbacks and setSysctl are lost; they report it.
  if (takeProc(walker).failed()) walker.proc = -1;
  Result result = walker.plan.has(wire::Op::Mask) ? takeNull(walker) : kDone;
  if (result.failed()) return result;
  Fd directory;
  result = openPlace(walker, step, directory);
  if (result.failed()) return result;
  if (!ownMounts(walker)) {
    walker.root = directory.release();
    return kDone;
  }
  walker.rootBound = true;
  // A new user namespace has a copy of the host's tree that only receives, whatever the plan says.
  walker.userNamespace = walker.plan.has(wire::Op::BecomeRoot);
  walker.hostPeers = sharedTree(walker) && !walker.userNamespace;
  if (sharedTree(walker)) result = makeParentPrivate(walker, directory.get());
  if (result.failed()) return result;
  Fd tree(step.slot >= 0 ? walker.slot(step.slot) : cloneTree(walker, directory.get(), "", true));
  result = outcome(Operation::Open_tree, tree.get());
  if (!result.failed()) result = attach(tree.get(), directory.get());
  if (!result.failed() && step.slot >= 0) result = estrange(walker, tree.get());
  if (result.denied() && step.slot < 0) {
    result = dropTrees(walker);
    return result.failed() ? result : bindRoot(walker, walker.text(step.path), directory.get());
  }
  walker.root = tree.release();
  return result;
}

Result step::pivotRoot(Walker& walker, const wire::PivotRoot&) {
  Fd old(sys::openat(sys::kAtFdcwd, "/", sys::kPath | sys::kDirectory | sys::kCloexec));
  if (!old.open()) return outcome(Operation::Open, old.get());
  Result result = outcome(Operation::Fchdir, sys::fchdir(walker.root));
  if (result.failed()) return result;
  // The old root comes to lie on top of the new one, without a directory made for it (pivot_root(2)).
  result = outcome(Operation::Pivot_root, sys::pivotRoot(".", "."));
  if (result.failed()) return result;
  walker.rootLeft = true;
  result = outcome(Operation::Fchdir, sys::fchdir(old.get()));
  if (result.failed()) return result;
  // A slave keeps the detaching from going to the host's mounts.
  result = outcome(Operation::Mount, sys::mount(nullptr, ".", nullptr, sys::kMsSlave | sys::kMsRec, nullptr));
  if (result.failed()) return result;
  result = outcome(Operation::Umount2, sys::umount2(".", sys::kMntDetach));
  return result.failed() ? result : outcome(Operation::Chdir, sys::chdir("/"));
}

Result step::chroot(Walker& walker, const wire::Chroot&) {
  Result result = outcome(Operation::Fchdir, sys::fchdir(walker.root));
  if (result.failed()) return result;
  // In a mount namespace of its own (--no-pivot) the root is moved to /, so that nothing of the host is above it.
  if (walker.rootBound) result = outcome(Operation::Mount, sys::mount(".", "/", nullptr, sys::kMsMove, nullptr));
  if (result.failed()) return result;
  result = outcome(Operation::Chroot, sys::chroot("."));
  if (result.failed()) return result;
  walker.rootLeft = true;
  return outcome(Operation::Chdir, sys::chdir("/"));
}

Result step::makeRootReadonly(Walker& walker, const wire::MakeRootReadonly&) {
  Result result = changeAttributes(walker.root, false, sys::kAttrRdonly, 0);
  return result.denied() ? remountAttributes(walker, walker.root, sys::kAttrRdonly, 0) : result;
}
