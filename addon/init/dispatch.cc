// From the number of a step to its function.
#include "steps/steps.h"

namespace {

template <class Fields, Result (*Walk)(Walker&, const Fields&)>
Result typed(Walker& walker, const wire::RecordHeader& record) {
  return Walk(walker, reinterpret_cast<const Fields&>(record));
}

struct Entry {
  wire::Op op;
  Result (*walk)(Walker& walker, const wire::RecordHeader& record);
};

#define TSRUN_STEP(Name, name) {wire::Op::Name, typed<wire::Name, step::name>}
constexpr Entry kEntries[] = {
    TSRUN_STEP(JoinCgroup, joinCgroup),
    TSRUN_STEP(JoinNamespace, joinNamespace),
    TSRUN_STEP(SetTimeOffsets, setTimeOffsets),
    TSRUN_STEP(CloneInit, cloneInit),
    TSRUN_STEP(SetAffinity, setAffinity),
    TSRUN_STEP(OpenProc, openProc),
    TSRUN_STEP(UnshareNamespace, unshareNamespace),
    TSRUN_STEP(BecomeRoot, becomeRoot),
    TSRUN_STEP(NewSession, newSession),
    TSRUN_STEP(SetPropagation, setPropagation),
    TSRUN_STEP(OpenRoot, openRoot),
    TSRUN_STEP(Mount, mount),
    TSRUN_STEP(Bind, bind),
    TSRUN_STEP(Remount, remount),
    TSRUN_STEP(MakeDevice, makeDevice),
    TSRUN_STEP(Symlink, symlink),
    TSRUN_STEP(SetSysctl, setSysctl),
    TSRUN_STEP(PivotRoot, pivotRoot),
    TSRUN_STEP(Chroot, chroot),
    TSRUN_STEP(Mask, mask),
    TSRUN_STEP(MakeReadonly, makeReadonly),
    TSRUN_STEP(MakeRootReadonly, makeRootReadonly),
    TSRUN_STEP(SetHostname, setHostname),
    TSRUN_STEP(SetDomainname, setDomainname),
    TSRUN_STEP(SetLinkUp, setLinkUp),
    TSRUN_STEP(JoinKeyring, joinKeyring),
    TSRUN_STEP(LabelFile, labelFile),
    TSRUN_STEP(OpenConsole, openConsole),
    TSRUN_STEP(BindConsole, bindConsole),
    TSRUN_STEP(SendConsole, sendConsole),
    TSRUN_STEP(UseConsole, useConsole),
    TSRUN_STEP(SetRlimit, setRlimit),
    TSRUN_STEP(FindHome, findHome),
    TSRUN_STEP(SetUmask, setUmask),
    TSRUN_STEP(SetBounding, setBounding),
    TSRUN_STEP(SetIds, setIds),
    TSRUN_STEP(SetCwd, setCwd),
    TSRUN_STEP(FindProgram, findProgram),
    TSRUN_STEP(SetNoNewPrivileges, setNoNewPrivileges),
    TSRUN_STEP(LoadSeccomp, loadSeccomp),
    TSRUN_STEP(SetCapabilities, setCapabilities),
    TSRUN_STEP(SetPersonality, setPersonality),
    TSRUN_STEP(SetMemoryPolicy, setMemoryPolicy),
    TSRUN_STEP(WriteAttribute, writeAttribute),
    TSRUN_STEP(RunHook, runHook),
    TSRUN_STEP(AwaitStart, awaitStart),
    TSRUN_STEP(Exec, exec),
};
#undef TSRUN_STEP

// Every step that init or the launcher may walk is in the table.
constexpr bool complete() {
  for (const wire::Layout& layout : wire::kLayouts) {
    bool found = (layout.by & 3) == 0;
    for (const Entry& entry : kEntries) found = found || entry.op == layout.op;
    if (!found) return false;
  }
  return true;
}
static_assert(complete(), "a step of schemas/plan.json has no function");

}  // namespace

Result dispatch(Walker& walker, const wire::RecordHeader& record) {
  for (const Entry& entry : kEntries)
    if (entry.op == record.op) return entry.walk(walker, record);
  return fault(wire::Operation::Verify, ENOSYS);
}
