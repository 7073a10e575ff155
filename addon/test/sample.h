// Plans that tests start from.
#pragma once
#include "plan-builder.h"

namespace sample {

constexpr uint32_t kNamespaces = 0x20020000;  // CLONE_NEWPID | CLONE_NEWNS

// The shortest plan that may be walked.
inline PlanBuilder shortest() {
  PlanBuilder plan;
  make::clone(plan);
  make::parent(plan);
  make::find(plan, "/bin/true", {});
  make::exec(plan, {"true", "x"}, {"A=b"});
  return plan;
}

// Begins a plan of create; the caller adds steps after openRoot and ends it.
inline PlanBuilder begun(const char* root = "/bundle/rootfs") {
  PlanBuilder plan;
  make::clone(plan);
  make::parent(plan);
  plan.add<wire::SetPropagation>(wire::Op::SetPropagation).flags = 0x84000;  // MS_SLAVE | MS_REC
  make::openRoot(plan, root);
  return plan;
}
inline void end(PlanBuilder& plan) {
  make::find(plan, "/bin/true", {});
  make::exec(plan, {"true"});
}

// Every step that init and the launcher have, with launcher.
inline PlanBuilder everything(bool launcher = true) {
  PlanBuilder plan;
  plan.flags = wire::kFlagTrace;
  make::parent(plan);
  make::clone(plan);
  if (launcher) {
    auto& cgroup = plan.add<wire::JoinCgroup>(wire::Op::JoinCgroup, wire::By::Launcher);
    cgroup.slot = 0;
    plan.add<wire::UnshareNamespace>(wire::Op::UnshareNamespace, wire::By::Launcher).flags = 0x80;
    uint32_t offsets = plan.text("boottime 5 0\n");
    plan.add<wire::SetTimeOffsets>(wire::Op::SetTimeOffsets, wire::By::Launcher).offsets = offsets;
    auto& join = plan.add<wire::JoinNamespace>(wire::Op::JoinNamespace, wire::By::Launcher);
    join.slot = 1;
    join.flags = 0x40000000;
    plan.plain(wire::Op::OpenProc, wire::By::Launcher);
    make::affinity(plan, wire::By::Launcher);
    auto& init = plan.add<wire::CloneInit>(wire::Op::CloneInit, wire::By::Launcher);
    init.namespaces = kNamespaces | 0x10000000;
    init.cgroupSlot = -1;
  }
  make::parent(plan);
  plan.plain(wire::Op::BecomeRoot);
  plan.add<wire::UnshareNamespace>(wire::Op::UnshareNamespace).flags = 0x02000000;
  plan.plain(wire::Op::NewSession);
  plan.plain(wire::Op::OpenProc);
  make::affinity(plan);
  make::keyring(plan, "_ses.x", "u:r:t:s0");
  plan.add<wire::SetPropagation>(wire::Op::SetPropagation).flags = 0x104000;  // MS_SHARED | MS_REC
  make::openRoot(plan, "/bundle/rootfs");
  auto& proc = make::mount(plan, "/proc", "proc", {"hidepid=2", "ro"});
  proc.realDirectory = proc.onDenied = 1;
  proc.attrSet = 7;
  uint32_t propagation = plan.array({0x44000, 0x100000});
  auto& tmp = make::mount(plan, "/tmp", "tmpfs", {"mode=755"});
  tmp.keepMode = tmp.legacy = 1;
  tmp.propagation = propagation;
  tmp.propagationCount = 2;
  auto& filled = make::mount(plan, "/run", "tmpfs", {"size=1m"});
  filled.copyUp = filled.keepOwner = 1;
  auto& bind = make::bind(plan, "/src", "/data/x");
  bind.attrSet = 0x21;
  bind.recursiveSet = 2;
  bind.propagation = propagation;
  bind.propagationCount = 2;
  make::label(plan, "/dev/mqueue", "u:r:t:s0");
  make::device(plan, "/dev/null", 0020000, 1, 3);
  make::symlink(plan, "/dev/fd", "/proc/self/fd");
  make::symlink(plan, "/dev/ptmx", "pts/ptmx", true);
  make::hook(plan, "/bin/hook", {"hook", "arg"}, 3, 2);
  make::parent(plan);
  make::named(plan, wire::Op::SetLinkUp, "lo");
  make::named(plan, wire::Op::SetHostname, "host");
  make::named(plan, wire::Op::SetDomainname, "domain");
  make::sysctl(plan, "net/ipv4/ip_forward", "1");
  plan.plain(wire::Op::PivotRoot);
  uint32_t proc2 = plan.text("/proc");
  auto& remount = plan.add<wire::Remount>(wire::Op::Remount);
  remount.target = proc2;
  remount.flags = 0x1001;
  make::console(plan, 1);
  make::cwd(plan, "/work", true);
  make::named(plan, wire::Op::MakeReadonly, "/proc/sys");
  for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/acpi", "/proc/scsi"}) make::mask(plan, path, "u:r:t:s0");
  make::attribute(plan, "apparmor/exec", "exec", "exec profile");
  make::memoryPolicy(plan, 2, true);
  plan.add<wire::SetPersonality>(wire::Op::SetPersonality).persona = 8;
  plan.plain(wire::Op::MakeRootReadonly);
  plan.add<wire::FindHome>(wire::Op::FindHome).uid = 0;
  auto& limit = plan.add<wire::SetRlimit>(wire::Op::SetRlimit);
  limit.resource = 7;
  limit.soft = limit.hard = 1024;
  plan.add<wire::SetBounding>(wire::Op::SetBounding).bounding = 0x21;
  uint32_t groups = plan.array({1, 2, 3});
  auto& ids = plan.add<wire::SetIds>(wire::Op::SetIds);
  ids.uid = ids.gid = 1000;
  ids.groups = groups;
  ids.groupsCount = 3;
  make::find(plan, "prog", {"/bin", "", "/usr/bin"});
  plan.plain(wire::Op::SetNoNewPrivileges);
  uint32_t filter = plan.text("12345671234567");
  auto& seccomp = plan.add<wire::LoadSeccomp>(wire::Op::LoadSeccomp);
  seccomp.filter = filter;
  seccomp.filterLength = 8;
  auto& capabilities = plan.add<wire::SetCapabilities>(wire::Op::SetCapabilities);
  capabilities.effective = capabilities.permitted = capabilities.inheritable = capabilities.ambient = 0x21;
  plan.add<wire::SetUmask>(wire::Op::SetUmask).mask = 022;
  make::parent(plan);
  make::await(plan, 2, 3);
  make::hook(plan, "/bin/start", {"start"}, 0, -1);
  make::exec(plan, {"prog", "a", "b"}, {"PATH=/bin", "HOME=", "LANG=C"});
  // A pool that doesn't end with a NUL.
  plan.array({0x41414141});
  return plan;
}

}  // namespace sample
