#include "../capabilities.h"
#include "steps.h"

using wire::Operation;

namespace {

// setIds.keepGroups: 0 takes the groups of the plan.
constexpr uint32_t kKeepGroups = 1, kKeepIfDenied = 2;

// A set that can't be had in full is a warning, not an error (config.md, process.capabilities).
void warn(Walker& walker, const char* set, uint64_t missing) {
  if (!missing) return;
  text::Writer(walker.detail, sizeof walker.detail).add(set).add(' ').hex(missing);
  report(walker, wire::Report::Notice, fault(Operation::Capset, EPERM));
  walker.detail[0] = 0;
}

// The wanted inheritable capabilities that the bounding set holds; others can't be added (capabilities(7)).
uint64_t bounded(uint64_t wanted) {
  uint64_t held = 0;
  for (unsigned cap = 0; cap < 64; cap++)
    if (wanted >> cap & 1 && sys::prctl(sys::kPrCapbsetRead, cap) == 1) held |= 1ULL << cap;
  return held;
}

// A user namespace may deny setgroups for good (user_namespaces(7)): those that came with the process then stay, which is
// an error only for a plan that wants others.
Result takeGroups(Walker& walker, const wire::SetIds& step) {
  if (step.keepGroups == kKeepGroups) return kDone;
  Result result = outcome(Operation::Setgroups, sys::setgroups(step.groupsCount, walker.plan.array(step.groups)));
  if (result.error != EPERM || step.keepGroups != kKeepIfDenied) return result;
  return step.groupsCount == 0 ? kDone : result;
}

}  // namespace

Result step::setRlimit(Walker& walker, const wire::SetRlimit& step) {
  Result result = restoreLimit(walker);
  if (result.failed()) return result;
  sys::Rlimit limit{step.soft, step.hard};
  return outcome(Operation::Prlimit, sys::prlimit(0, step.resource, &limit, nullptr));
}

Result step::setUmask(Walker&, const wire::SetUmask& step) {
  sys::umask(step.mask);
  return kDone;
}

Result step::setBounding(Walker&, const wire::SetBounding& step) {
  for (unsigned cap = 0; cap < 64; cap++) {
    if (step.bounding >> cap & 1) continue;
    long result = sys::prctl(sys::kPrCapbsetDrop, cap);
    if (result == -EINVAL) break;  // beyond the last one that this kernel knows
    if (result == -EPERM && sys::prctl(sys::kPrCapbsetRead, cap) == 0) continue;
    if (result < 0) return outcome(Operation::Prctl, result);
  }
  return outcome(Operation::Prctl, sys::prctl(sys::kPrSetKeepcaps, 1));
}

Result step::setIds(Walker& walker, const wire::SetIds& step) {
  Result result = takeGroups(walker, step);
  if (result.failed()) return result;
  result = outcome(Operation::Setresgid, sys::setresgid(step.gid, step.gid, step.gid));
  if (result.failed()) return result;
  result = outcome(Operation::Setresuid, sys::setresuid(step.uid, step.uid, step.uid));
  if (result.failed()) return result;
  // Another uid loses the effective set; what is permitted is still needed until setCapabilities.
  Capabilities current{};
  result = outcome(Operation::Capset, getCapabilities(current));
  if (result.failed()) return result;
  if (current.effective != current.permitted) {
    current.effective = current.permitted;
    result = outcome(Operation::Capset, ::setCapabilities(current));
    if (result.failed()) return result;
  }
  // The change of ids may have made this process dumpable (fs.suid_dumpable).
  return outcome(Operation::Prctl, sys::prctl(sys::kPrSetDumpable, 0));
}

Result step::setNoNewPrivileges(Walker&, const wire::SetNoNewPrivileges&) {
  return outcome(Operation::Prctl, sys::prctl(sys::kPrSetNoNewPrivs, 1));
}

Result step::loadSeccomp(Walker& walker, const wire::LoadSeccomp& step) {
  sys::SockFprog program{static_cast<uint16_t>(step.filterLength / 8), walker.text(step.filter)};
  return outcome(Operation::Seccomp, sys::seccomp(sys::kSeccompSetModeFilter, step.flags, &program));
}

Result step::setCapabilities(Walker& walker, const wire::SetCapabilities& step) {
  Capabilities current{};
  Result result = outcome(Operation::Capset, getCapabilities(current));
  if (result.failed()) return result;
  Capabilities wanted{step.effective, step.permitted, step.inheritable};
  wanted.permitted &= current.permitted;
  wanted.effective &= wanted.permitted;
  wanted.inheritable &= current.inheritable | current.permitted;
  wanted.inheritable = (wanted.inheritable & current.inheritable) | bounded(wanted.inheritable & ~current.inheritable);
  uint64_t missing = step.permitted & ~wanted.permitted;
  warn(walker, "permitted", missing);
  warn(walker, "effective", step.effective & ~wanted.effective & ~missing);
  warn(walker, "inheritable", step.inheritable & ~wanted.inheritable);
  result = outcome(Operation::Capset, ::setCapabilities(wanted));
  if (result.failed()) return result;
  result = outcome(Operation::Prctl, sys::prctl(sys::kPrCapAmbient, sys::kPrCapAmbientClearAll));
  if (result.failed()) return result;
  missing = 0;
  for (unsigned cap = 0; cap < 64; cap++)
    if (step.ambient >> cap & 1 && sys::prctl(sys::kPrCapAmbient, sys::kPrCapAmbientRaise, cap) < 0) missing |= 1ULL << cap;
  warn(walker, "ambient", missing);
  return kDone;
}
