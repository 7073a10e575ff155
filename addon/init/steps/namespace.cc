#include "../child.h"
#include "../paths.h"
#include "steps.h"

using wire::Operation;

Result step::joinNamespace(Walker& walker, const wire::JoinNamespace& step) {
  Fd space(walker.slot(step.slot));
  return outcome(Operation::Setns, sys::setns(space.get(), static_cast<int>(step.flags)));
}

Result step::setTimeOffsets(Walker& walker, const wire::SetTimeOffsets& step) {
  Result result = takeProc(walker);
  if (result.failed()) return result;
  // Ours is the one procfs in which self is this process, whatever is joined later.
  Fd proc(walker.proc);
  walker.proc = -1;
  Fd file(sys::openat(proc.get(), "self/timens_offsets", sys::kWronly | sys::kCloexec));
  if (!file.open()) return outcome(Operation::Open, file.get());
  const char* offsets = walker.text(step.offsets);
  // In one go: the kernel takes both clocks or none.
  return outcome(Operation::Write, sys::write(file.get(), offsets, text::length(offsets)));
}

Result step::cloneInit(Walker& walker, const wire::CloneInit& step) {
  sys::CloneArgs args{};
  // With CLONE_PARENT the exit signal is the launcher's, and clone3 wants none given.
  args.flags = step.namespaces | sys::kCloneParent;
  if (step.cgroupSlot >= 0) {
    args.flags |= sys::kCloneIntoCgroup;
    args.cgroup = static_cast<uint64_t>(walker.slot(step.cgroupSlot));
  }
  long pid = child::fork(args);
  if (pid < 0) return outcome(Operation::Clone3, pid);
  if (pid > 0) {
    report(walker, wire::Report::Cloned, kDone, static_cast<uint64_t>(pid));
    walker.finished = true;
    return kDone;
  }
  walker.fresh = true;
  if (step.cgroupSlot >= 0) sys::close(walker.slot(step.cgroupSlot));
  walker.dumpableUntilGo = step.namespaces & sys::kCloneNewuser;
  if (walker.dumpableUntilGo) sys::prctl(sys::kPrSetDumpable, 1);
  return kDone;
}

Result step::unshareNamespace(Walker&, const wire::UnshareNamespace& step) { return outcome(Operation::Unshare, sys::unshare(step.flags)); }

Result step::becomeRoot(Walker&, const wire::BecomeRoot& step) {
  Result result = outcome(Operation::Setresgid, sys::setresgid(step.gid, step.gid, step.gid));
  if (result.failed()) return result;
  result = outcome(Operation::Setresuid, sys::setresuid(step.uid, step.uid, step.uid));
  if (result.failed()) return result;
  result = outcome(Operation::Prctl, sys::prctl(sys::kPrCapAmbient, sys::kPrCapAmbientClearAll));
  if (result.failed()) return result;
  // Inheritable was raised only for the exec of init (R9).
  sys::CapHeader header{sys::kCapVersion, 0};
  sys::CapData data[2]{};
  result = outcome(Operation::Capset, sys::capget(&header, data));
  if (result.failed()) return result;
  data[0].inheritable = data[1].inheritable = 0;
  result = outcome(Operation::Capset, sys::capset(&header, data));
  // A change of ids or capabilities may have made this process dumpable (fs.suid_dumpable).
  return result.failed() ? result : outcome(Operation::Prctl, sys::prctl(sys::kPrSetDumpable, 0));
}

Result step::newSession(Walker&, const wire::NewSession&) { return outcome(Operation::Setsid, sys::setsid()); }

Result step::setHostname(Walker& walker, const wire::SetHostname& step) {
  const char* name = walker.text(step.name);
  return outcome(Operation::Sethostname, sys::sethostname(name, text::length(name)));
}

Result step::setDomainname(Walker& walker, const wire::SetDomainname& step) {
  const char* name = walker.text(step.name);
  return outcome(Operation::Setdomainname, sys::setdomainname(name, text::length(name)));
}
