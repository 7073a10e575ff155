#include "smoke-plan.h"

#include "plan-builder.h"

namespace {

constexpr uint32_t kChar = 0020000;
constexpr uint32_t kSafe = sys::kAttrNosuid | sys::kAttrNodev | sys::kAttrNoexec;

void addMounts(PlanBuilder& plan, const Options& options) {
  auto& proc = make::mount(plan, "/proc", "proc");
  proc.attrSet = kSafe;
  proc.flags = sys::kMsNosuid | sys::kMsNodev | sys::kMsNoexec;
  proc.realDirectory = 1;
  make::mount(plan, "/dev", "tmpfs", {"mode=755", "size=65536k"}).attrSet = sys::kAttrNosuid;
  auto& pts = make::mount(plan, "/dev/pts", "devpts", {"newinstance", "ptmxmode=0666", "mode=0620"});
  pts.attrSet = sys::kAttrNosuid | sys::kAttrNoexec;
  auto& sysfs = make::mount(plan, "/sys", "sysfs");
  sysfs.attrSet = kSafe | sys::kAttrRdonly;
  sysfs.flags = sys::kMsNosuid | sys::kMsNodev | sys::kMsNoexec | sys::kMsRdonly;
  sysfs.realDirectory = sysfs.onDenied = 1;
  make::mount(plan, "/tmp/kept", "tmpfs").keepMode = 1;
  auto& bind = make::bind(plan, options.rootfs + "/shared", "/data/made/here");
  bind.attrSet = sys::kAttrRdonly | sys::kAttrNosuid;
  uint32_t propagation = plan.array({static_cast<uint32_t>(sys::kMsPrivate | sys::kMsRec)});
  auto& file = make::bind(plan, options.rootfs + "/shared/file", "/etc/bound", false);
  file.propagation = propagation;
  file.propagationCount = 1;
}

void addDevices(PlanBuilder& plan, const Options& options) {
  if (options.user) {
    make::bind(plan, "/dev/null", "/dev/null", false);
    return;
  }
  make::device(plan, "/dev/null", kChar, 1, 3);
  make::device(plan, "/dev/tty300", kChar, 4, 300, 0600);
  make::symlink(plan, "/dev/fd", "/proc/self/fd");
  make::symlink(plan, "/dev/ptmx", "pts/ptmx", true);
}

void addIdentity(PlanBuilder& plan) {
  plan.add<wire::SetBounding>(wire::Op::SetBounding).bounding = 0x20;
  auto& ids = plan.add<wire::SetIds>(wire::Op::SetIds);
  ids.uid = 1000;
  ids.gid = 1000;
  uint32_t groups = plan.array({7, 8});
  auto& last = plan.add<wire::SetIds>(wire::Op::SetIds);
  last.uid = last.gid = 1000;
  last.groups = groups;
  last.groupsCount = 2;
}

}  // namespace

uint32_t namespacesOf(const Options& options) {
  uint64_t namespaces = sys::kCloneNewns | sys::kCloneNewpid | sys::kCloneNewuts | sys::kCloneNewipc | sys::kCloneNewnet;
  return static_cast<uint32_t>(options.user ? namespaces | sys::kCloneNewuser : namespaces);
}

std::string makePlan(const Options& options) {
  PlanBuilder plan;
  make::clone(plan);
  if (options.launcher) {
    auto& init = plan.add<wire::CloneInit>(wire::Op::CloneInit, wire::By::Launcher);
    init.namespaces = namespacesOf(options);
    init.cgroupSlot = -1;
  }
  make::parent(plan);
  if (options.user) make::parent(plan, wire::Op::WriteIdMaps);
  if (options.user) plan.plain(wire::Op::BecomeRoot);
  plan.plain(wire::Op::NewSession);
  make::named(plan, wire::Op::JoinKeyring, "_ses.smoke");
  plan.add<wire::SetPropagation>(wire::Op::SetPropagation).flags = static_cast<uint32_t>(sys::kMsSlave | sys::kMsRec);
  make::openRoot(plan, options.rootfs);
  addMounts(plan, options);
  addDevices(plan, options);
  if (options.hook) make::hook(plan, "/bin/sh", {"sh", "-c", "read state; echo; echo \"hook of $state\" >&2; test \"$state\" = ok"}, 5, 2);
  make::parent(plan);
  make::named(plan, wire::Op::SetLinkUp, "lo");
  make::named(plan, wire::Op::SetHostname, "smoke");
  make::named(plan, wire::Op::SetDomainname, "domain");
  if (!options.user) make::sysctl(plan, "kernel/shm_rmid_forced", "1");
  make::sysctl(plan, "net/ipv4/ip_forward", "1");
  plan.plain(options.nopivot ? wire::Op::Chroot : wire::Op::PivotRoot);
  make::cwd(plan, "/work/dir", true);
  plan.plain(wire::Op::MakeRootReadonly);
  for (const char* path : {"/proc/bus", "/proc/sys", "/nowhere"}) make::named(plan, wire::Op::MakeReadonly, path);
  for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/scsi", "/sys/firmware", "/proc/nowhere", "/proc/timer_list"})
    make::named(plan, wire::Op::Mask, path);
  plan.add<wire::FindHome>(wire::Op::FindHome).uid = 1000;
  addIdentity(plan);
  make::cwd(plan, "/work/dir", false);
  make::find(plan, options.program[0].c_str(), {"/nowhere", "/bin"});
  plan.plain(wire::Op::SetNoNewPrivileges);
  auto& capabilities = plan.add<wire::SetCapabilities>(wire::Op::SetCapabilities);
  capabilities.effective = capabilities.permitted = capabilities.inheritable = capabilities.ambient = 0x20;
  plan.add<wire::SetUmask>(wire::Op::SetUmask).mask = 027;
  make::parent(plan);
  make::await(plan, 0, 1);
  make::exec(plan, options.program, {"PATH=/bin", "A=b"});
  return plan.bytes();
}
