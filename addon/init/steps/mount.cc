#include "../copy.h"
#include "../host-mounts.h"
#include "steps.h"

using wire::Operation;

namespace {

constexpr size_t kMostString = 255;   // fsconfig(2) takes no longer value
constexpr size_t kMostData = 4095;    // mount(2) cuts longer data off in silence

// The target of a mount: not the root itself, which would hide behind what is mounted on it.
Result openTarget(Walker& walker, const char* path, const Lookup& lookup, Fd& out) {
  Result result = openInRoot(walker, path, lookup, out);
  if (result.failed()) return result;
  sys::Statx target{}, root{};
  result = outcome(Operation::Fstat, status(out.get(), target));
  if (result.failed()) return result;
  result = outcome(Operation::Fstat, status(walker.root, root));
  if (result.failed()) return result;
  if (target.mntId == root.mntId && target.ino == root.ino) return fault(Operation::Verify, EBUSY);
  return lookup.noSymlinks && typeOf(target) != sys::kTypeDirectory ? fault(Operation::Verify, ENOTDIR) : kDone;
}

// The filesystem's own words about a failure; each read gives one line, "e text" for an error.
void noteLog(Walker& walker, int context) {
  char line[sizeof walker.detail];
  for (int most = 8; most; most--) {
    long size = sys::read(context, line, sizeof line - 1);
    if (size <= 0) return;
    while (size && line[size - 1] == '\n') size--;
    line[size] = 0;
    if (size > 2 && line[1] == ' ' && (line[0] == 'e' || !walker.detail[0])) walker.note(line + 2);
  }
}

// One option, "key" or "key=value".
Result configure(int context, const char* option) {
  char key[64];
  size_t size = 0;
  while (option[size] && option[size] != '=') size++;
  text::Writer writer(key, sizeof key);
  if (!writer.add(option, size).fits()) return fault(Operation::Fsconfig, EINVAL);
  const char* value = option[size] ? option + size + 1 : nullptr;
  // Too long for fsconfig, not for mount(2): as if it were missing.
  if (value && text::length(value) > kMostString) return fault(Operation::Fsconfig, ENOSYS);
  unsigned command = value ? sys::kFsconfigSetString : sys::kFsconfigSetFlag;
  return outcome(Operation::Fsconfig, sys::fsconfig(context, command, key, value, 0));
}

// "mode=" and the mode of the directory that is to be covered, or nothing.
class Mode {
 public:
  Mode(Walker& walker, const wire::Mount& step) {
    Fd before;
    sys::Statx stat{};
    text_[0] = 0;
    if (!step.keepMode || openInRoot(walker, walker.text(step.target), Lookup(), before).failed()) return;
    if (status(before.get(), stat) < 0) return;
    text::Writer writer(text_, sizeof text_);
    writer.add("mode=");
    bits_ = stat.mode & 07777;
    for (int shift = 9; shift >= 0; shift -= 3) writer.add(static_cast<char>('0' + (bits_ >> shift & 7)));
  }
  const char* option() const { return text_; }
  uint32_t bits() const { return bits_; }

 private:
  uint32_t bits_ = 0;
  char text_[16];
};

Result configureAll(Walker& walker, const wire::Mount& step, const Mode& mode, int context) {
  const char* source = walker.text(step.source);
  if (text::length(source) > kMostString) return fault(Operation::Fsconfig, ENOSYS);
  Result result = kDone;
  if (*source) result = outcome(Operation::Fsconfig, sys::fsconfig(context, sys::kFsconfigSetString, "source", source, 0));
  for (uint32_t i = 0; i < step.optionsCount && !result.failed(); i++) {
    const char* option = walker.plan.text(step.options, i);
    result = configure(context, option);
    if (result.failed()) walker.note(option);
  }
  if (!result.failed() && *mode.option()) result = configure(context, mode.option());
  if (result.failed()) return result;
  return outcome(Operation::Fsconfig, sys::fsconfig(context, sys::kFsconfigCreate, nullptr, nullptr, 0));
}

// On a new mount the recursive attributes are its own.
uint32_t allAttributes(const wire::Mount& step) {
  uint32_t clear = step.recursiveClear;
  if ((step.recursiveSet | clear) & sys::kAttrAtime) clear |= sys::kAttrAtime;
  return (step.attrSet & ~clear) | step.recursiveSet;
}

Result mountNew(Walker& walker, const wire::Mount& step, const Mode& mode, const Placement& placement) {
  Fd context(sys::fsopen(walker.text(step.type), sys::kFsopenCloexec));
  if (!context.open()) return outcome(Operation::Fsopen, context.get());
  Result result = configureAll(walker, step, mode, context.get());
  Fd tree;
  if (!result.failed()) {
    tree.reset(sys::fsmount(context.get(), sys::kFsmountCloexec, allAttributes(step)));
    result = outcome(Operation::Fsmount, tree.get());
  }
  if (result.failed()) {
    noteLog(walker, context.get());
    return result;
  }
  if (step.copyUp) result = copyTree(walker, placement.target, tree.get(), step.keepOwner);
  if (!result.failed()) result = attach(tree.get(), placement.target);
  return result.failed() ? result : setPropagation(walker, tree.get(), placement);
}

Result mountOld(Walker& walker, const wire::Mount& step, const Mode& mode, const Placement& placement) {
  static char data[kMostData + 1];
  const char* type = walker.text(step.type);
  const char* source = walker.text(step.source);
  text::Writer writer(data, sizeof data);
  writer.add(walker.text(step.data));
  if (*mode.option()) writer.add(*data ? "," : "").add(mode.option());
  if (!writer.fits()) return fault(Operation::Mount, E2BIG);
  unsigned long flags = step.flags | mountFlags(step.recursiveSet);
  Result result = outcome(Operation::Mount, mountOn(walker, *source ? source : type, placement.target, type, flags, *data ? data : nullptr));
  if (result.failed() || (placement.propagations == 0 && !step.copyUp)) return result;
  Fd mount;
  result = openMounted(walker, walker.text(step.target), placement, mount);
  if (!result.failed() && step.copyUp) result = copyTree(walker, placement.target, mount.get(), step.keepOwner);
  return result.failed() ? result : setPropagation(walker, mount.get(), placement);
}

// The parent has made it: its ids are mapped, which takes the host's rights.
Result mountGiven(Walker& walker, const wire::Mount& step, const Mode& mode, const Placement& placement) {
  Fd tree(walker.slot(step.slot));
  Result result = kDone;
  if (*mode.option()) {
    Fd root(sys::openat(tree.get(), ".", sys::kRdonly | sys::kDirectory | sys::kCloexec));
    result = root.open() ? outcome(Operation::Fchmod, sys::fchmod(root.get(), mode.bits())) : outcome(Operation::Open, root.get());
  }
  if (!result.failed() && step.copyUp) result = copyTree(walker, placement.target, tree.get(), step.keepOwner);
  if (!result.failed()) result = attach(tree.get(), placement.target);
  return result.failed() ? result : setPropagation(walker, tree.get(), placement);
}

}  // namespace

Result step::mount(Walker& walker, const wire::Mount& step) {
  Lookup lookup;
  lookup.make = Target::Directory;
  lookup.noSymlinks = step.realDirectory;
  Mode mode(walker, step);
  Fd target;
  Result result = openTarget(walker, walker.text(step.target), lookup, target);
  if (result.failed()) return result;
  Placement placement;
  placement.target = target.get();
  placement.propagation = walker.plan.array(step.propagation);
  placement.propagations = step.propagationCount;
  if (step.slot >= 0) return mountGiven(walker, step, mode, placement);
  result = step.legacy || walker.noTrees ? fault(Operation::Mount, ENOSYS) : mountNew(walker, step, mode, placement);
  // nosymfollow is older (5.10) in mount(2) than in fsmount(2) (5.14).
  bool older = result.operation == Operation::Fsmount && result.error == EINVAL;
  if (result.denied() || older) result = mountOld(walker, step, mode, placement);
  bool denied = result.error == EPERM || result.error == EBUSY;
  return denied && step.onDenied && !walker.rootLeft ? bindHost(walker, step, placement) : result;
}

Result step::bind(Walker& walker, const wire::Bind& step) {
  const char* source = walker.text(step.source);
  const char* path = walker.text(step.target);
  Fd tree(step.slot >= 0 ? walker.slot(step.slot) : cloneTree(walker, sys::kAtFdcwd, source, step.recursive, !step.sourceNofollow));
  Result result = outcome(Operation::Open_tree, tree.get());
  bool old = result.denied();
  if (old) {
    tree.reset(sys::openat(sys::kAtFdcwd, source, sys::kPath | sys::kCloexec | (step.sourceNofollow ? sys::kNofollow : 0)));
    result = outcome(Operation::Open, tree.get());
  }
  if (result.failed()) return result;
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(tree.get(), stat));
  if (result.failed()) return result;
  Lookup lookup;
  lookup.make = typeOf(stat) == sys::kTypeDirectory ? Target::Directory : Target::File;
  lookup.noFollow = step.targetNofollow;
  Fd target;
  result = openTarget(walker, path, lookup, target);
  if (result.failed()) return result;
  Placement placement{target.get(),
                      {step.attrSet, step.attrClear, step.recursiveSet, step.recursiveClear},
                      walker.plan.array(step.propagation),
                      step.propagationCount,
                      step.slot >= 0 && !walker.hostPeers,
                      step.targetNofollow != 0};
  return old ? placeByMount(walker, tree.get(), step.recursive, path, placement) : ::place(walker, tree.get(), placement);
}

namespace {

// The flags of mount(2) that a mount has, of those that a user namespace may find locked.
unsigned long lockedFlags(const sys::Statfs& filesystem) {
  constexpr unsigned long plain = sys::kMsRdonly | sys::kMsNosuid | sys::kMsNodev | sys::kMsNoexec | sys::kMsNoatime | sys::kMsNodiratime;
  unsigned long flags = static_cast<unsigned long>(filesystem.flags) & plain;
  if (!(flags & sys::kMsNoatime)) flags |= filesystem.flags & sys::kStRelatime ? sys::kMsRelatime : sys::kMsStrictatime;
  return flags;
}

Result change(Walker& walker, int target, unsigned long flags, const char* data) {
  Result result = outcome(Operation::Mount, mountOn(walker, nullptr, target, nullptr, flags, *data ? data : nullptr));
  if (result.error != EPERM || !(flags & sys::kMsBind)) return result;
  // In a user namespace the flags the mount came with are locked: they stay (R7).
  sys::Statfs filesystem{};
  if (sys::fstatfs(target, &filesystem) < 0) return result;
  constexpr unsigned long times = sys::kMsNoatime | sys::kMsNodiratime | sys::kMsRelatime | sys::kMsStrictatime;
  flags = (flags & ~times) | lockedFlags(filesystem);
  Result again = outcome(Operation::Mount, mountOn(walker, nullptr, target, nullptr, flags, nullptr));
  if (again.failed()) return again;
  walker.note("flags that the host's mount has are kept");
  report(walker, wire::Report::Notice, result);
  walker.detail[0] = 0;
  return kDone;
}

}  // namespace

Result step::remount(Walker& walker, const wire::Remount& step) {
  Fd target;
  Result result = openInRoot(walker, walker.text(step.target), Lookup(), target);
  if (result.failed()) return result;
  const char* data = walker.text(step.data);
  if (text::length(data) > kMostData) return fault(Operation::Mount, E2BIG);
  result = change(walker, target.get(), step.flags | sys::kMsRemount, data);
  if (!result.failed()) result = changeAttributes(target.get(), true, step.recursiveSet, step.recursiveClear);
  Placement placement;
  placement.target = target.get();
  placement.propagation = walker.plan.array(step.propagation);
  placement.propagations = step.propagationCount;
  return result.failed() ? result : setPropagation(walker, target.get(), placement);
}
