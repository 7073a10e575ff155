// The calls of labels and of what places a process: CPUs, memory nodes, execution domain.
#include "sequences.h"

namespace {

// The host's procfs calls this task so.
std::optional<long> nameThread(const recorder::Call& call) {
  if (call.number != __NR_readlinkat) return std::nullopt;
  std::string self = "41/task/41";
  self.copy(reinterpret_cast<char*>(call.args[2]), self.size());
  return static_cast<long>(self.size());
}

// A plan that writes an attribute after the root has changed.
PlanBuilder labelled(const char* attribute, const char* otherwise) {
  PlanBuilder plan = sample::begun();
  plan.plain(Op::PivotRoot);
  make::attribute(plan, attribute, otherwise, "exec x");
  sample::end(plan);
  return plan;
}

// The calls on the procfs, from the first that looks for this task on, without what follows.
Lines written() {
  Lines lines = from(recorder::lines(), "openat2(10, \"thread-self\"");
  Lines out;
  for (const auto& line : lines) {
    if (line.rfind("statx", 0) == 0 || line.rfind("sendto", 0) == 0) break;
    out.push_back(line);
  }
  return out;
}

}  // namespace

// No way out, no other mount, no link: 0xf is BENEATH, NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV.
TEST("sequence", attribute, "a label goes to this task's own entry of the procfs that was taken before the root changed") {
  Subject subject(labelled("apparmor/exec", "exec").bytes());
  recorder::answers(nameThread);
  walk(subject, {2});
  EXPECT_EQUAL(std::string(recorder::lines({"openat"}).front()), std::string("openat(cwd, \"/proc\", 0x2b0000, 0)"));
  EXPECT_EQUAL(written(), (Lines{"openat2(10, \"thread-self\", 0x2a0000 0xf, 24)", "readlinkat(14, \"\", _, 64)", "close(14)",
                                 "openat2(10, \"41/task/41/attr/apparmor/exec\", 0x80101 0xf, 24)", "write(15, _, 6)", "close(15)"}));
}

TEST("sequence", olderAttribute, "an attribute that the kernel lacks is written to the other file, if there is one") {
  for (const char* otherwise : {"exec", ""}) {
    Subject subject(labelled("apparmor/exec", otherwise).bytes());
    recorder::answers([](const recorder::Call& call) -> std::optional<long> {
      bool file = call.number == sys::kNrOpenat2 && std::string(reinterpret_cast<const char*>(call.args[1])).find("attr/apparmor") != std::string::npos;
      return file ? std::optional<long>(-ENOENT) : nameThread(call);
    });
    walk(subject, {2});
    EXPECT_EQUAL(recorder::lines({"write"}), *otherwise ? Lines{"write(15, _, 6)"} : Lines{});
    if (!*otherwise) EXPECT_EQUAL(recorder::messages(), (Lines{fault(5, Operation::Open, ENOENT)}));
  }
}

TEST("sequence", deniedAttribute, "a label that is not taken ends the walk") {
  for (long result : {-ENOENT, 3}) {
    Subject subject(labelled("exec", "").bytes());
    recorder::answers([result](const recorder::Call& call) { return call.number == __NR_write ? std::optional<long>(result) : nameThread(call); });
    walk(subject, {2});
    EXPECT_EQUAL(recorder::messages(), (Lines{fault(5, Operation::Write, result < 0 ? ENOENT : EIO)}));
  }
}

TEST("sequence", noProcfs, "no label is written anywhere but to a verified procfs") {
  Subject subject(labelled("exec", "").bytes());
  recorder::file("/proc", {sys::kTypeDirectory, 0, 0, 1});
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number != __NR_fstatfs) return std::nullopt;
    reinterpret_cast<sys::Statfs*>(call.args[1])->type = 0x01021994;  // a tmpfs
    return 0;
  });
  walk(subject, {2});
  EXPECT_EQUAL(recorder::lines({"write"}), (Lines{}));
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(5, Operation::Verify, ENOENT)}));
}

TEST("sequence", launchersProc, "what the launcher takes before it enters a container is init's too") {
  PlanBuilder plan;
  make::clone(plan);
  plan.plain(Op::OpenProc, wire::By::Launcher);
  auto& join = plan.add<wire::JoinNamespace>(Op::JoinNamespace, wire::By::Launcher);
  join.slot = 0;
  join.flags = 0x20000;
  plan.add<wire::CloneInit>(Op::CloneInit, wire::By::Launcher).cgroupSlot = -1;
  make::attribute(plan, "exec", "", "u:r:t:s0");
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::answers([](const recorder::Call& call) -> std::optional<long> { return call.number == sys::kNrClone3 ? std::optional<long>(0) : nameThread(call); });
  walk(subject, {});
  EXPECT_EQUAL(recorder::lines({"openat", "setns", "clone3", "write"}),
               (Lines{"openat(cwd, \"/proc\", 0x2b0000, 0)", "setns(5, 0x20000)", "clone3(_, 88)", "write(12, _, 8)"}));
}

TEST("sequence", keyringLabel, "a labelled keyring is made while its label stands") {
  PlanBuilder plan;
  make::clone(plan);
  plan.plain(Op::OpenProc);
  make::keyring(plan, "_ses.x", "u:r:t:s0");
  sample::end(plan);
  for (bool lacking : {false, true}) {
    Subject subject(plan.bytes());
    recorder::answers([lacking](const recorder::Call& call) -> std::optional<long> {
      return lacking && call.number == __NR_keyctl ? std::optional<long>(-ENOSYS) : nameThread(call);
    });
    walk(subject, {});
    Lines lines = recorder::lines({"write", "keyctl"});
    for (auto& line : lines) line = line.substr(0, line.find(','));
    Lines expected = {"write(12", "keyctl(1", "write(14"};
    if (!lacking) expected.push_back("keyctl(6");
    EXPECT_EQUAL(lines, expected);
    EXPECT_EQUAL(std::string(recorder::lines({"write"}).back()), std::string("write(14, _, 0)"));
  }
}

TEST("sequence", mountLabels, "mounts that masks make have the label, and directories are given one by their own attribute") {
  PlanBuilder plan = sample::begun();
  make::label(plan, "/dev/mqueue", "u:r:t:s0");
  make::mask(plan, "/proc/acpi", "u:r:t:s0");
  sample::end(plan);
  Subject subject(plan.bytes());
  walk(subject, {2});
  Lines lines = from(recorder::lines(), "openat2(14, \"/dev/mqueue\"");
  lines.resize(4);
  EXPECT_EQUAL(lines, (Lines{"openat2(14, \"/dev/mqueue\", 0x280000 0x12, 24)", "openat(15, \".\", 0x90000, 0)",
                             "fsetxattr(16, \"security.selinux\", _, 9, 0)", "close(16)"}));
  EXPECT_EQUAL(recorder::lines({"fsconfig"}),
               (Lines{"fsconfig(18, 1, \"size\", \"4096\", 0)", "fsconfig(18, 1, \"nr_inodes\", \"2\", 0)", "fsconfig(18, 1, \"mode\", \"0755\", 0)",
                      "fsconfig(18, 1, \"context\", \"u:r:t:s0\", 0)", "fsconfig(18, 0, \"ro\", null, 0)", "fsconfig(18, 6, null, null, 0)"}));
}

TEST("sequence", placement, "CPUs, memory nodes and execution domain are set as the plan says") {
  PlanBuilder plan;
  make::clone(plan);
  make::affinity(plan);
  make::memoryPolicy(plan, 0x8002, true);
  make::memoryPolicy(plan, 0, false);
  plan.add<wire::SetPersonality>(Op::SetPersonality).persona = 8;
  sample::end(plan);
  Subject subject(plan.bytes());
  Lines nodes;
  recorder::answers([&nodes](const recorder::Call& call) -> std::optional<long> {
    if (call.number == __NR_set_mempolicy) nodes.push_back(call.args[1] ? std::string(reinterpret_cast<const char*>(call.args[1])) : "none");
    return std::nullopt;
  });
  walk(subject, {});
  EXPECT_EQUAL(recorder::lines({"sched_setaffinity", "set_mempolicy", "personality"}),
               (Lines{"sched_setaffinity(0, 16, _)", "set_mempolicy(0x8002, _, 129)", "set_mempolicy(0, _, 0)", "personality(0x8)"}));
  EXPECT_EQUAL(nodes, (Lines{"123456781234567", "none"}));
}

TEST("sequence", groups, "groups that can't be dropped are an error, unless the plan lets them stay where setgroups is denied") {
  struct Case {
    uint32_t keep, count;
    Lines messages;
  };
  for (const Case& c : {Case{0, 0, {fault(1, Operation::Setgroups, EPERM)}}, {2, 0, {}}, {2, 2, {fault(1, Operation::Setgroups, EPERM)}}, {1, 0, {}}}) {
    PlanBuilder plan;
    make::clone(plan);
    uint32_t groups = plan.array({5, 6});
    auto& ids = plan.add<wire::SetIds>(Op::SetIds);
    ids.groups = groups;
    ids.groupsCount = c.count;
    ids.keepGroups = c.keep;
    sample::end(plan);
    Subject subject(plan.bytes());
    recorder::fails("setgroups", EPERM);
    walk(subject, {});
    Lines messages = recorder::messages();
    if (c.messages.empty()) EXPECT_EQUAL(recorder::lines({"setresuid"}), (Lines{"setresuid(0, 0, 0)"}));
    else EXPECT_EQUAL(messages, c.messages);
  }
}
