#include "../paths.h"
#include "steps.h"

using wire::Operation;

namespace {

bool same(const sys::Statx& stat, const wire::MakeDevice& step) {
  if (typeOf(stat) != step.type) return false;
  return step.type == sys::kTypeFifo || (stat.rdevMajor == step.major && stat.rdevMinor == step.minor);
}

}  // namespace

Result step::makeDevice(Walker& walker, const wire::MakeDevice& step) {
  Fd parent;
  const char* name;
  Result result = openParent(walker, walker.text(step.path), parent, name);
  if (result.failed()) return result;
  uint32_t device = step.type == sys::kTypeFifo ? 0 : sys::deviceNumber(step.major, step.minor);
  long made = sys::mknodat(parent.get(), name, step.type | (step.mode & 07777), device);
  if (made < 0 && made != -EEXIST) return outcome(Operation::Mknodat, made);
  Fd node(sys::openat(parent.get(), name, sys::kPath | sys::kNofollow | sys::kCloexec));
  if (!node.open()) return outcome(Operation::Open, node.get());
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(node.get(), stat));
  if (result.failed()) return result;
  if (!same(stat, step)) return fault(Operation::Verify, EEXIST);
  // A node that was there before is not ours to change.
  if (made < 0 || (stat.uid == step.uid && stat.gid == step.gid)) return kDone;
  return outcome(Operation::Fchownat, sys::fchownat(node.get(), "", step.uid, step.gid, sys::kAtEmptyPath));
}

Result step::symlink(Walker& walker, const wire::Symlink& step) {
  Fd parent;
  const char* name;
  Result result = openParent(walker, walker.text(step.path), parent, name);
  if (result.failed()) return result;
  const char* target = walker.text(step.target);
  long made = sys::symlinkat(target, parent.get(), name);
  if (made != -EEXIST) return outcome(Operation::Symlinkat, made);
  char found[256];
  long size = sys::readlinkat(parent.get(), name, found, sizeof found - 1);
  found[size < 0 ? 0 : size] = 0;
  if (size >= 0 && text::equal(found, target)) return kDone;
  if (step.replace == 2) {
    walker.note(size >= 0 ? "a link to elsewhere is there" : "something else is there");
    return fault(Operation::Symlinkat, EEXIST);
  }
  if (!step.replace) {
    walker.note("left as it is");
    report(walker, wire::Report::Notice, fault(Operation::Symlinkat, EEXIST));
    return kDone;
  }
  result = outcome(Operation::Symlinkat, sys::unlinkat(parent.get(), name, 0));
  return result.failed() ? result : outcome(Operation::Symlinkat, sys::symlinkat(target, parent.get(), name));
}
