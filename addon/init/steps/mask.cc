#include "../mounts.h"
#include "steps.h"

using wire::Operation;

namespace {

constexpr uint32_t kEmptyAttributes = sys::kAttrRdonly | sys::kAttrNosuid | sys::kAttrNodev | sys::kAttrNoexec;
constexpr const char* kEmptyOptions[][2] = {{"size", "4096"}, {"nr_inodes", "2"}, {"mode", "0755"}};
constexpr const char* kEmptyData = "size=4096,nr_inodes=2,mode=0755";

// The first mask attaches the cover itself, the others a copy of that mount.
Result lay(const Walker& walker, Cover& cover, int target) {
  if (cover.state == Cover::Detached) {
    Result result = attach(cover.fd, target);
    if (!result.failed()) cover.state = Cover::Attached;
    return result;
  }
  Fd tree(cloneTree(walker, cover.fd, "", false));
  if (!tree.open()) return outcome(Operation::Open_tree, tree.get());
  return attach(tree.get(), target);
}

// Without open_tree a mount that isn't in this mount namespace can't be bound: after pivotRoot the container's own
// /dev/null has to do, if it is one (R3).
Result bindNull(Walker& walker, int target) {
  Fd own;
  int source = walker.null.fd;
  if (walker.rootLeft) {
    Result result = openInRoot(walker, "/dev/null", Lookup(), own);
    if (result.failed()) return result;
    sys::Statx stat{};
    result = outcome(Operation::Fstat, status(own.get(), stat));
    if (result.failed()) return result;
    if (typeOf(stat) != sys::kTypeChar || stat.rdevMajor != 1 || stat.rdevMinor != 3) return fault(Operation::Verify, ENODEV);
    source = own.get();
  }
  return outcome(Operation::Mount, mountOn(walker, ProcPath(source).get(), target, nullptr, sys::kMsBind, nullptr));
}

Result coverFile(Walker& walker, int target) {
  return walker.null.state == Cover::Path ? bindNull(walker, target) : lay(walker, walker.null, target);
}

// Of the SELinux context, unless that is empty.
Result makeEmpty(Cover& empty, const char* label) {
  Fd context(sys::fsopen("tmpfs", sys::kFsopenCloexec));
  if (!context.open()) return outcome(Operation::Fsopen, context.get());
  for (const auto& option : kEmptyOptions) {
    Result result = outcome(Operation::Fsconfig, sys::fsconfig(context.get(), sys::kFsconfigSetString, option[0], option[1], 0));
    if (result.failed()) return result;
  }
  Result result = kDone;
  if (*label) result = outcome(Operation::Fsconfig, sys::fsconfig(context.get(), sys::kFsconfigSetString, "context", label, 0));
  if (result.failed()) return result;
  result = outcome(Operation::Fsconfig, sys::fsconfig(context.get(), sys::kFsconfigSetFlag, "ro", nullptr, 0));
  if (result.failed()) return result;
  result = outcome(Operation::Fsconfig, sys::fsconfig(context.get(), sys::kFsconfigCreate, nullptr, nullptr, 0));
  if (result.failed()) return result;
  long tree = sys::fsmount(context.get(), sys::kFsmountCloexec, kEmptyAttributes);
  if (tree >= 0) empty = {Cover::Detached, static_cast<int>(tree)};
  return outcome(Operation::Fsmount, tree);
}

// As mount(2) wants it: a context holds commas.
Result mountEmpty(Walker& walker, int target, const char* label) {
  char data[512];
  text::Writer writer(data, sizeof data);
  writer.add(kEmptyData);
  if (*label) writer.add(",context=\"").add(label).add('"');
  if (!writer.fits()) return fault(Operation::Mount, E2BIG);
  return outcome(Operation::Mount, mountOn(walker, "tmpfs", target, "tmpfs", mountFlags(kEmptyAttributes), data));
}

Result coverDirectory(Walker& walker, int target, const char* label) {
  Result result = walker.noTrees ? fault(Operation::Open_tree, ENOSYS) : kDone;
  if (!result.failed() && walker.empty.state == Cover::None) result = makeEmpty(walker.empty, label);
  if (!result.failed()) result = lay(walker, walker.empty, target);
  return result.denied() ? mountEmpty(walker, target, label) : result;
}

// Only a path that isn't there is left alone.
Result openExisting(Walker& walker, const char* path, Fd& out) {
  Result result = openInRoot(walker, path, Lookup(), out);
  return result.operation == Operation::Resolve && result.error == ENOENT ? kDone : result;
}

}  // namespace

Result step::mask(Walker& walker, const wire::Mask& step) {
  Fd target;
  Result result = openExisting(walker, walker.text(step.path), target);
  if (result.failed() || !target.open()) return result;
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(target.get(), stat));
  if (result.failed()) return result;
  return typeOf(stat) == sys::kTypeDirectory ? coverDirectory(walker, target.get(), walker.text(step.label)) : coverFile(walker, target.get());
}

Result step::makeReadonly(Walker& walker, const wire::MakeReadonly& step) {
  const char* path = walker.text(step.path);
  Fd target;
  Result result = openExisting(walker, path, target);
  if (result.failed() || !target.open()) return result;
  Placement placement;
  placement.target = target.get();
  placement.attributes.set = sys::kAttrRdonly;
  Fd tree(cloneTree(walker, target.get(), "", true));
  result = outcome(Operation::Open_tree, tree.get());
  if (result.denied()) return placeByMount(walker, target.get(), true, path, placement);
  return result.failed() ? result : place(walker, tree.get(), placement);
}
