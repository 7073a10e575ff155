// The protocol: what is said to the parent, when, and what goes before and after it.
#include "sequences.h"

TEST("sequence", shortest, "the shortest plan") {
  Subject subject(sample::shortest().bytes());
  EXPECT_EQUAL(walk(subject, {2}), 1);
  recorder::file("/bin/true", {sys::kTypeRegular});
  Subject again(sample::shortest().bytes());
  recorder::file("/bin/true", {sys::kTypeRegular});
  EXPECT_EQUAL(walk(again, {2}), 1);
  EXPECT_EQUAL(recorder::lines(), (Lines{"read(3, _, 4)", "statx(cwd, \"/bin/true\", 0, _, _)", "faccessat2(cwd, \"/bin/true\", 0x1, 0x200)",
                                         "mmap(_, 48, 0x3, 0x22, _, 0)", "close_range(3, -1, 0x4)", "execve(\"/bin/true\", [\"true\" \"x\"], [\"A=b\"]) = 8",
                                         "munmap(_, 48)", "sendto(3, _, 256, 0x4000)"}));
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(3, Operation::Execve, ENOEXEC, "/bin/true")}));
}

TEST("sequence", silence, "EOF and a wrong answer end the walk without a word") {
  for (const std::vector<uint32_t>& answer : {std::vector<uint32_t>{}, {3}, {1}, {0xffffffff}}) {
    Subject subject(sample::shortest().bytes());
    EXPECT_EQUAL(walk(subject, answer), 1);
    EXPECT_EQUAL(recorder::lines(), (Lines{"read(3, _, 4)"}));
    EXPECT_EQUAL(recorder::messages(), Lines{});
  }
}

TEST("sequence", stops, "a run of the parent's steps is reached once and answered once") {
  PlanBuilder plan;
  make::clone(plan);
  make::parent(plan);
  make::parent(plan);
  plan.plain(Op::NewSession);
  make::parent(plan);
  make::parent(plan);
  sample::end(plan);
  plan.flags = wire::kFlagTrace;
  Subject subject(plan.bytes());
  recorder::file("/bin/true", {sys::kTypeRegular});
  walk(subject, {3, 6});
  EXPECT_EQUAL(recorder::messages(), (Lines{"walked 3 0 0", "reached 4 0 0", "walked 6 0 0", fault(7, Operation::Execve, ENOEXEC, "/bin/true")}));
}

TEST("sequence", clocks, "time offsets are written whole, through a procfs that is not kept") {
  PlanBuilder plan;
  make::clone(plan);
  plan.add<wire::UnshareNamespace>(Op::UnshareNamespace, wire::By::Launcher).flags = 0x80;
  uint32_t offsets = plan.text("monotonic 1 2\nboottime -3 0\n");
  plan.add<wire::SetTimeOffsets>(Op::SetTimeOffsets, wire::By::Launcher).offsets = offsets;
  plan.add<wire::CloneInit>(Op::CloneInit, wire::By::Launcher).cgroupSlot = -1;
  make::parent(plan);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::file("/proc", {sys::kTypeDirectory, 0, 0, 2});
  EXPECT_EQUAL(walk(subject, {}), 0);
  EXPECT_EQUAL(recorder::lines({"unshare", "openat", "write", "close", "clone3"}),
               (Lines{"unshare(0x80)", "openat(cwd, \"/proc\", 0x2b0000, 0)", "openat(10, \"self/timens_offsets\", 0x80001, 0)", "write(11, _, 28)",
                      "close(11)", "close(10)", "clone3(_, 88)"}));
}

TEST("sequence", launcher, "the launcher joins, clones init, tells its pid and ends") {
  PlanBuilder plan;
  make::clone(plan);
  auto& join = plan.add<wire::JoinNamespace>(Op::JoinNamespace, wire::By::Launcher);
  join.slot = 1;
  join.flags = 0x40000000;
  plan.add<wire::CloneInit>(Op::CloneInit, wire::By::Launcher).cgroupSlot = -1;
  make::parent(plan);
  sample::end(plan);
  Subject subject(plan.bytes());
  EXPECT_EQUAL(walk(subject, {}), 0);
  EXPECT_EQUAL(recorder::lines(), (Lines{"setns(6, 0x40000000)", "close(6)", "clone3(_, 88)", "sendto(3, _, 256, 0x4000)"}));
  EXPECT_EQUAL(recorder::messages(), (Lines{"cloned 2 0 0"}));

  Subject child(plan.bytes());
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number == sys::kNrClone3) return -ENOSYS;
    return call.number == __NR_clone ? std::optional<long>(0) : std::nullopt;
  });
  recorder::file("/bin/true", {sys::kTypeRegular});
  EXPECT_EQUAL(walk(child, {4}), 1);
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(5, Operation::Execve, ENOEXEC, "/bin/true")}));
  EXPECT_EQUAL(recorder::lines({"clone", "read"}), (Lines{"clone(0x8000, 0, 0)", "read(3, _, 4)"}));
}

TEST("sequence", user, "a user namespace keeps init dumpable until its id maps are written") {
  PlanBuilder plan;
  make::clone(plan);
  make::parent(plan, Op::WriteIdMaps);
  plan.plain(Op::BecomeRoot);
  sample::end(plan);
  Subject subject(plan.bytes());
  subject.walker.dumpableUntilGo = true;
  walk(subject, {2});
  Lines lines = recorder::lines();
  lines.resize(8);
  EXPECT_EQUAL(lines, (Lines{"read(3, _, 4)", "prctl(4, 0, 0)", "setresgid(0, 0, 0)", "setresuid(0, 0, 0)", "prctl(47, 4, 0)", "capget(_, _)",
                             "capset(_, _)", "prctl(4, 0, 0)"}));
}

TEST("sequence", waiting, "awaitStart closes the channel, keeps nothing of the host and reports to its fifo") {
  PlanBuilder plan = sample::begun();
  make::named(plan, Op::Mask, "/proc/kcore");
  make::await(plan, 0, 1);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::file("/bin/true", {sys::kTypeRegular});
  walk(subject, {2});
  Lines lines = from(recorder::lines(), "close(14)");
  EXPECT_EQUAL(from(recorder::lines(), "close(3)"), (Lines{"close(3)", "read(5, _, 1)", "statx(cwd, \"/bin/true\", 0, _, _)",
                                                          "faccessat2(cwd, \"/bin/true\", 0x1, 0x200)", "mmap(_, 32, 0x3, 0x22, _, 0)",
                                                          "close_range(3, -1, 0x4)", "execve(\"/bin/true\", [\"true\"], []) = 8",
                                                          "munmap(_, 32)", "write(6, _, 256)"}));
  EXPECT_EQUAL(subject.walker.root, -1);
  EXPECT_EQUAL(subject.walker.proc, -1);
  EXPECT_EQUAL(subject.walker.null.fd, -1);
}

TEST("sequence", limit, "the soft limit that launch raised is put back before the plan sets limits, else before the exec") {
  for (bool parents : {false, true}) {
    PlanBuilder plan;
    make::clone(plan);
    plan.plain(Op::NewSession);
    if (parents) make::parent(plan, Op::SetRlimit);
    sample::end(plan);
    Subject subject(plan.bytes());
    subject.walker.restoreSoft = true;
    recorder::file("/bin/true", {sys::kTypeRegular});
    walk(subject, {3});
    Lines lines = recorder::lines({"prlimit", "read", "execve"});
    Lines expected = {"prlimit(0, 7, _, _)", "prlimit(0, 7, _, _)"};
    if (parents) expected.push_back("read(3, _, 4)");
    expected.push_back("execve(\"/bin/true\", [\"true\"], []) = 8");
    EXPECT_EQUAL(lines, expected);
  }
}
