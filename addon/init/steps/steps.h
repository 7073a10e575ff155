// One function per step of the plan, by the name of the step.
#pragma once
#include "../walker.h"

namespace step {

Result joinCgroup(Walker& walker, const wire::JoinCgroup& step);

Result joinNamespace(Walker& walker, const wire::JoinNamespace& step);
Result setTimeOffsets(Walker& walker, const wire::SetTimeOffsets& step);
Result cloneInit(Walker& walker, const wire::CloneInit& step);
Result unshareNamespace(Walker& walker, const wire::UnshareNamespace& step);
Result becomeRoot(Walker& walker, const wire::BecomeRoot& step);
Result newSession(Walker& walker, const wire::NewSession& step);
Result joinKeyring(Walker& walker, const wire::JoinKeyring& step);
Result setLinkUp(Walker& walker, const wire::SetLinkUp& step);
Result setHostname(Walker& walker, const wire::SetHostname& step);
Result setDomainname(Walker& walker, const wire::SetDomainname& step);

Result setAffinity(Walker& walker, const wire::SetAffinity& step);
Result setPersonality(Walker& walker, const wire::SetPersonality& step);
Result setMemoryPolicy(Walker& walker, const wire::SetMemoryPolicy& step);

Result openProc(Walker& walker, const wire::OpenProc& step);
Result writeAttribute(Walker& walker, const wire::WriteAttribute& step);
Result labelFile(Walker& walker, const wire::LabelFile& step);

Result setPropagation(Walker& walker, const wire::SetPropagation& step);
Result openRoot(Walker& walker, const wire::OpenRoot& step);
Result pivotRoot(Walker& walker, const wire::PivotRoot& step);
Result chroot(Walker& walker, const wire::Chroot& step);
Result makeRootReadonly(Walker& walker, const wire::MakeRootReadonly& step);

Result mount(Walker& walker, const wire::Mount& step);
Result bind(Walker& walker, const wire::Bind& step);
Result remount(Walker& walker, const wire::Remount& step);

Result openConsole(Walker& walker, const wire::OpenConsole& step);
Result bindConsole(Walker& walker, const wire::BindConsole& step);
Result sendConsole(Walker& walker, const wire::SendConsole& step);
Result useConsole(Walker& walker, const wire::UseConsole& step);

Result makeDevice(Walker& walker, const wire::MakeDevice& step);
Result symlink(Walker& walker, const wire::Symlink& step);

Result mask(Walker& walker, const wire::Mask& step);
Result makeReadonly(Walker& walker, const wire::MakeReadonly& step);

Result setSysctl(Walker& walker, const wire::SetSysctl& step);

Result setRlimit(Walker& walker, const wire::SetRlimit& step);
Result setUmask(Walker& walker, const wire::SetUmask& step);
Result setBounding(Walker& walker, const wire::SetBounding& step);
Result setIds(Walker& walker, const wire::SetIds& step);
Result setNoNewPrivileges(Walker& walker, const wire::SetNoNewPrivileges& step);
Result loadSeccomp(Walker& walker, const wire::LoadSeccomp& step);
Result setCapabilities(Walker& walker, const wire::SetCapabilities& step);

Result findHome(Walker& walker, const wire::FindHome& step);
Result setCwd(Walker& walker, const wire::SetCwd& step);
Result findProgram(Walker& walker, const wire::FindProgram& step);

Result runHook(Walker& walker, const wire::RunHook& step);
Result awaitStart(Walker& walker, const wire::AwaitStart& step);
Result exec(Walker& walker, const wire::Exec& step);

}  // namespace step
