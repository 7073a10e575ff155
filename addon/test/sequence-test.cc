// A plan gives exactly its system calls, in order. The model's first descriptor is 10; 3 is the channel, slots begin at 5.
#include <cstdio>
#include <set>

#include "harness.h"
#include "recorder.h"
#include "sample.h"

using recorder::Subject;
using wire::Op;
using wire::Operation;
using Lines = std::vector<std::string>;

namespace {

const std::vector<std::string> kMounting = {"open_tree", "move_mount", "mount_setattr", "mount", "fsopen", "fsconfig", "fsmount"};

// The report of a fault, as messages() gives it.
std::string fault(uint32_t step, Operation operation, int error, const std::string& detail = "") {
  std::string text = "fault " + std::to_string(step) + " " + std::to_string(static_cast<unsigned>(operation)) + " " + std::to_string(error);
  return detail.empty() ? text : text + " " + detail;
}

Lines from(const Lines& lines, const std::string& first) {
  Lines out;
  bool on = false;
  for (const auto& line : lines) {
    on = on || line.rfind(first, 0) == 0;
    if (on) out.push_back(line);
  }
  return out;
}

// Walks the plan with the answers to its stops.
int walk(Subject& subject, std::vector<uint32_t> go) {
  bool sound = subject.check();
  EXPECT(sound);
  if (!sound) return -1;
  recorder::go(std::move(go));
  return subject.walk();
}

}  // namespace

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

TEST("sequence", root, "openRoot, a mount and pivotRoot") {
  PlanBuilder plan = sample::begun();
  auto& proc = make::mount(plan, "/proc", "proc", {"hidepid=2"});
  proc.realDirectory = 1;
  proc.attrSet = 0xe;
  plan.plain(Op::PivotRoot);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::file("root:/proc", {sys::kTypeDirectory, 0, 0, 2});
  walk(subject, {2});
  Lines expected = {
      "read(3, _, 4)",
      "mount(null, \"/\", null, 0x84000, null)",
      "openat(cwd, \"/proc\", 0x2b0000, 0)",
      "fstatfs(10, _)",
      "statx(10, \"\", 0x1800, _, _)",
      "openat(cwd, \"/bundle/rootfs\", 0x290000, 0)",
      "open_tree(11, \"\", 0x89001)",
      "move_mount(12, \"\", 11, \"\", 0x44)",
      "close(11)",
      "openat2(12, \"/proc\", 0x280000 0x16, 24)",
      "statx(13, \"\", 0x1800, _, _)",
      "statx(12, \"\", 0x1800, _, _)",
      "fsopen(\"proc\", 0x1)",
      "fsconfig(14, 1, \"source\", \"proc\", 0)",
      "fsconfig(14, 1, \"hidepid\", \"2\", 0)",
      "fsconfig(14, 6, null, null, 0)",
      "fsmount(14, 0x1, 0xe)",
      "move_mount(15, \"\", 13, \"\", 0x44)",
      "close(15)",
      "close(14)",
      "close(13)",
      "openat(cwd, \"/\", 0x290000, 0)",
      "fchdir(12)",
      "pivot_root(\".\", \".\")",
      "fchdir(16)",
      "mount(null, \".\", null, 0x84000, null)",
      "umount2(\".\", 0x2)",
      "chdir(\"/\")",
      "close(16)",
  };
#if defined(__x86_64__)
  Lines head = recorder::lines();
  head.resize(expected.size());
  EXPECT_EQUAL(head, expected);
#endif
}

TEST("sequence", bind, "a bind with attributes and propagation, made before it is attached") {
  PlanBuilder plan = sample::begun();
  uint32_t propagation = plan.array({0x44000, 0x100000});
  auto& step = make::bind(plan, "/src", "/data");
  step.attrSet = 0x21;  // strictatime, read-only
  step.recursiveSet = 2;
  step.propagation = propagation;
  step.propagationCount = 2;
  sample::end(plan);
  Subject subject(plan.bytes());
  walk(subject, {2});
  EXPECT_EQUAL(from(recorder::lines(kMounting), "open_tree(cwd"),
               (Lines{"open_tree(cwd, \"/src\", 0x88001)", "mount_setattr(13, \"\", 0x1000, 0x21 0x70 0, 32)",
                      "mount_setattr(13, \"\", 0x9000, 0x2 0 0, 32)", "move_mount(13, \"\", 14, \"\", 0x44)",
                      "mount_setattr(13, \"\", 0x9000, 0 0 0x40000, 32)", "mount_setattr(13, \"\", 0x1000, 0 0 0x100000, 32)"}));
}

TEST("sequence", oldBind, "without mount_setattr a bind is attached, then remounted; recursive attributes are an error") {
  for (bool recursive : {false, true}) {
    PlanBuilder plan = sample::begun();
    auto& step = make::bind(plan, "/src", "/data");
    step.attrSet = 1;
    step.recursiveSet = recursive ? 2 : 0;
    sample::end(plan);
    Subject subject(plan.bytes());
    recorder::fails("mount_setattr", ENOSYS);
    walk(subject, {2});
    Lines lines = from(recorder::lines(kMounting), "open_tree(cwd");
    if (recursive) {
      EXPECT_EQUAL(recorder::messages(), (Lines{fault(4, Operation::Mount_setattr, ENOSYS)}));
      EXPECT_EQUAL(lines.size(), size_t{3});
    } else {
      EXPECT_EQUAL(lines, (Lines{"open_tree(cwd, \"/src\", 0x88001)", "mount_setattr(13, \"\", 0x1000, 0x1 0 0, 32) = 38",
                                 "move_mount(13, \"\", 14, \"\", 0x44)", "mount(null, \"self/fd/13\", null, 0x1021, null)"}));
    }
  }
}

TEST("sequence", masks, "masks copy the first one, and the host's null is taken before the pivot (CVE-2025-31133)") {
  PlanBuilder plan = sample::begun();
  plan.plain(Op::PivotRoot);
  for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/acpi", "/proc/scsi", "/nowhere"}) make::named(plan, Op::Mask, path);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::file("root:/proc/kcore", {sys::kTypeRegular});
  recorder::file("root:/proc/keys", {sys::kTypeRegular});
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number == sys::kNrOpenat2 && std::string(reinterpret_cast<const char*>(call.args[1])) == "/nowhere") return -ENOENT;
    return std::nullopt;
  });
  walk(subject, {2});
  EXPECT_EQUAL(from(recorder::lines(kMounting), "open_tree(11"),
               (Lines{"open_tree(11, \"\", 0x81001)", "open_tree(13, \"\", 0x89001)", "move_mount(14, \"\", 13, \"\", 0x44)",
                      "mount(null, \".\", null, 0x84000, null)",
                      "move_mount(12, \"\", 16, \"\", 0x44)",                                                             // kcore
                      "open_tree(12, \"\", 0x81001)", "move_mount(18, \"\", 17, \"\", 0x44)",                          // keys
                      "fsopen(\"tmpfs\", 0x1)", "fsconfig(20, 1, \"size\", \"4096\", 0)", "fsconfig(20, 1, \"nr_inodes\", \"2\", 0)",
                      "fsconfig(20, 1, \"mode\", \"0755\", 0)", "fsconfig(20, 0, \"ro\", null, 0)", "fsconfig(20, 6, null, null, 0)",
                      "fsmount(20, 0x1, 0xf)", "move_mount(21, \"\", 19, \"\", 0x44)",                                  // acpi
                      "open_tree(21, \"\", 0x81001)", "move_mount(23, \"\", 22, \"\", 0x44)"}));                       // scsi
}

TEST("sequence", falseNull, "a host's null that is none is refused (CVE-2025-31133)") {
  PlanBuilder plan = sample::begun();
  make::named(plan, Op::Mask, "/proc/kcore");
  sample::end(plan);
  for (const recorder::File& null : {recorder::File{sys::kTypeRegular}, recorder::File{sys::kTypeChar, 1, 5}, recorder::File{sys::kTypeSymlink}}) {
    Subject subject(plan.bytes());
    recorder::file("/dev/null", null);
    EXPECT_EQUAL(walk(subject, {2}), 1);
    EXPECT_EQUAL(recorder::messages(), (Lines{fault(3, Operation::Verify, ENODEV)}));
  }
}

TEST("sequence", onlyMissing, "only a path that is missing is left unmasked") {
  for (int error : {ENOTDIR, ELOOP, EACCES, EXDEV}) {
    PlanBuilder plan = sample::begun();
    make::named(plan, Op::Mask, "/proc/kcore");
    sample::end(plan);
    Subject subject(plan.bytes());
    recorder::fails("openat2", error);
    EXPECT_EQUAL(walk(subject, {2}), 1);
    EXPECT_EQUAL(recorder::messages(), (Lines{fault(4, Operation::Resolve, error)}));
  }
}

TEST("sequence", sysctl, "sysctls go through the verified host procfs (CVE-2019-16884, CVE-2025-52881)") {
  for (uint64_t ino : {uint64_t{1}, uint64_t{2}}) {
    PlanBuilder plan = sample::begun();
    make::sysctl(plan, "net/ipv4/ip_forward", "1");
    sample::end(plan);
    Subject subject(plan.bytes());
    recorder::answers([ino](const recorder::Call& call) -> std::optional<long> {
      if (call.number != __NR_statx || call.args[0] != 10) return std::nullopt;
      auto* out = reinterpret_cast<sys::Statx*>(call.args[4]);
      *out = {};
      out->mode = sys::kTypeDirectory;
      out->ino = ino;
      return 0;
    });
    walk(subject, {2});
    Lines writes = recorder::lines({"openat2", "write"});
    if (ino == 1) EXPECT_EQUAL(writes, (Lines{"openat2(10, \"sys/net/ipv4/ip_forward\", 0x80101 0xf, 24)", "write(13, _, 1)"}));
    if (ino != 1) EXPECT_EQUAL(recorder::messages(), (Lines{fault(4, Operation::Verify, ENOENT)}));
  }
  PlanBuilder plan = sample::begun();
  make::sysctl(plan, "net/../../sysrq-trigger", "b");
  sample::end(plan);
  Subject subject(plan.bytes());
  walk(subject, {2});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(4, Operation::Resolve, EINVAL)}));
}

TEST("sequence", cwd, "a working directory outside of the root is refused (CVE-2024-21626)") {
  PlanBuilder plan;
  make::clone(plan);
  make::cwd(plan, "/proc/self/fd/7", false);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number != __NR_getcwd) return std::nullopt;
    std::string("(unreachable)/").copy(reinterpret_cast<char*>(call.args[0]), 15);
    return 15;
  });
  EXPECT_EQUAL(walk(subject, {}), 1);
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(1, Operation::Verify, EXDEV)}));
  EXPECT_EQUAL(recorder::lines({"openat2"}), (Lines{"openat2(10, \"/proc/self/fd/7\", 0x280000 0x12, 24)"}));
}

TEST("sequence", device, "an existing node is verified and left alone (CVE-2026-47766)") {
  struct Case {
    recorder::File file;
    bool same;
  };
  for (const Case& c : {Case{{sys::kTypeChar, 1, 3}, true}, {{sys::kTypeChar, 1, 5}, false}, {{sys::kTypeBlock, 1, 3}, false}, {{sys::kTypeSymlink}, false}}) {
    PlanBuilder plan = sample::begun();
    make::device(plan, "/dev/null", sys::kTypeChar, 1, 3);
    sample::end(plan);
    Subject subject(plan.bytes());
    recorder::fails("mknodat", EEXIST);
    recorder::file("root:/dev//null", c.file);
    walk(subject, {2});
    EXPECT_EQUAL(recorder::lines({"fchownat", "unlinkat", "mknodat"}).size(), size_t{1});
    EXPECT_EQUAL(recorder::messages().front(), c.same ? fault(5, Operation::Access, EACCES) : fault(4, Operation::Verify, EEXIST));
  }
}

TEST("sequence", exclusive, "what is made is made exclusively, following no link (CVE-2024-45310)") {
  PlanBuilder plan = sample::begun();
  make::bind(plan, "/src", "/new/file", false);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::file("/src", {sys::kTypeRegular});
  std::set<std::string> there;
  recorder::answers([&there](const recorder::Call& call) -> std::optional<long> {
    if (call.number == sys::kNrOpenat2) return -ENOENT;
    if (call.number != __NR_mkdirat && call.number != __NR_openat) return std::nullopt;
    std::string name = reinterpret_cast<const char*>(call.args[1]);
    bool looks = call.number == __NR_openat && call.args[2] & sys::kPath;
    if (!looks) there.insert(name);
    return name[0] != '/' && !there.count(name) ? std::optional<long>(-ENOENT) : std::nullopt;
  });
  walk(subject, {2});
  constexpr int exclusive = sys::kWronly | sys::kCreat | sys::kExcl | sys::kNofollow | sys::kCloexec;
  char flags[16];
  snprintf(flags, sizeof flags, "%#x", exclusive);
  Lines made;
  for (const auto& line : recorder::lines({"mkdirat", "openat"}))
    if (line.find("mkdirat") == 0 || line.find(flags) != std::string::npos) made.push_back(line);
  EXPECT_EQUAL(made, (Lines{"mkdirat(14, \"new\", 0x1ed)", std::string("openat(15, \"file\", ") + flags + ", 0x1a4)"}));
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

TEST("sequence", environment, "HOME is found in the container's passwd") {
  struct Case {
    const char* passwd;
    const char* home;
  };
  for (const Case& c : {Case{"root:x:0:0::/root:/bin/sh\nu:x:1000:7::/home/u:/bin/sh\n", "HOME=/home/u"}, {"u:x:1000:7::/last", "HOME=/last"},
                        {"u:x:10000:7::/no:\nv:x:01000:7::/leading:\n", "HOME=/leading"}, {"", "HOME=/"}, {"u:x:1000:7:::\n", "HOME=/"},
                        {"\n\n:::::\nu:x:1000x:7::/no:\n", "HOME=/"}, {"u:x:4294968296:7::/wrapped:\n", "HOME=/"}, {"u:x::7::/empty:\n", "HOME=/"}}) {
    PlanBuilder plan;
    make::clone(plan);
    plan.add<wire::FindHome>(Op::FindHome).uid = 1000;
    make::find(plan, "/bin/true", {});
    make::exec(plan, {"true"}, {"A=b", "HOME="});
    Subject subject(plan.bytes());
    recorder::file("/bin/true", {sys::kTypeRegular});
    recorder::file("root:/etc/passwd", {sys::kTypeRegular});
    std::string left = c.passwd;
    recorder::answers([&left](const recorder::Call& call) -> std::optional<long> {
      if (call.number != __NR_read || call.args[2] != 512) return std::nullopt;
      // In small pieces, as fields may be cut anywhere.
      size_t size = left.copy(reinterpret_cast<char*>(call.args[1]), 3);
      left.erase(0, size);
      return static_cast<long>(size);
    });
    walk(subject, {});
    EXPECT_EQUAL(recorder::lines({"execve"}), (Lines{std::string("execve(\"/bin/true\", [\"true\"], [\"A=b\" \"") + c.home + "\"]) = 8"}));
  }
}

TEST("sequence", search, "the program is searched as execvp does") {
  struct Case {
    const char* name;
    std::vector<std::string> search;
    std::string found;  // or the report
  };
  const Case cases[] = {{"p", {"/none", "/bin"}, "/bin/p"},        {"p", {"/dir", "/bin"}, "/bin/p"},  {"p", {"/denied", "/none"}, fault(1, Operation::Access, EACCES, "/denied/p")},
                        {"p", {"/dir"}, fault(1, Operation::Access, EACCES, "/dir/p")},   {"p", {}, fault(1, Operation::Lookup, ENOENT)},          {"p", {""}, "p"},
                        {"", {"/bin"}, fault(1, Operation::Lookup, ENOENT)},             {"./p", {"/bin"}, "./p"},           {"/none/p", {"/bin"}, fault(1, Operation::Lookup, ENOENT)},
                        {"/dir/p", {"/bin"}, fault(1, Operation::Access, EACCES)}};
  for (const Case& c : cases) {
    PlanBuilder plan;
    make::clone(plan);
    make::find(plan, c.name, c.search);
    make::exec(plan, {"x"});
    Subject subject(plan.bytes());
    for (const char* path : {"/bin/p", "/denied/p", "p", "./p"}) recorder::file(path, {sys::kTypeRegular});
    recorder::answers([](const recorder::Call& call) -> std::optional<long> {
      if (call.number != __NR_statx && call.number != sys::kNrFaccessat2) return std::nullopt;
      std::string path = reinterpret_cast<const char*>(call.args[1]);
      if (path.rfind("/none/", 0) == 0) return -ENOENT;
      return path.rfind("/denied/", 0) == 0 && call.number == sys::kNrFaccessat2 ? std::optional<long>(-EACCES) : std::nullopt;
    });
    walk(subject, {});
    bool found = c.found.rfind("fault", 0) != 0;
    if (found) EXPECT_EQUAL(recorder::lines({"execve"}), (Lines{std::string("execve(\"") + c.found + "\", [\"x\"], []) = 8"}));
    if (!found) EXPECT_EQUAL(recorder::messages(), (Lines{c.found}));
  }
}

TEST("sequence", hook, "a hook gets its state, its own descriptors only, and is waited for") {
  PlanBuilder plan;
  make::clone(plan);
  make::hook(plan, "/bin/hook", {"hook", "a"}, 3, 2);
  make::find(plan, "/bin/true", {});
  make::exec(plan, {"true"}, {}, 2);
  struct Case {
    int status;
    Lines messages;
  };
  for (const Case& c : {Case{0x0100, {fault(1, Operation::HookExit, 1, "last words")}}, {0x0009, {fault(1, Operation::HookSignal, 9, "last words")}}, {0x8b, {fault(1, Operation::HookSignal, 11, "last words")}}}) {
    Subject subject(plan.bytes(), {5, 4});
    bool spoken = false, done = false;
    recorder::answers([&](const recorder::Call& call) -> std::optional<long> {
      if (call.number == __NR_execve) return 0;
      if (call.number == __NR_wait4) return *reinterpret_cast<int*>(call.args[1]) = c.status, 77;
      if (call.number == __NR_read && call.args[2] == 512 && !spoken) {
        std::string words = "first\nlast words\n\n";
        words.copy(reinterpret_cast<char*>(call.args[1]), words.size());
        spoken = true;
        return static_cast<long>(words.size());
      }
      if (call.number == __NR_ppoll) {
        auto* fds = reinterpret_cast<sys::PollFd*>(call.args[0]);
        fds[done ? 0 : 1].revents = sys::kPollIn;
        done = true;
        return 1;
      }
      return std::nullopt;
    });
    walk(subject, {});
    EXPECT_EQUAL(recorder::messages(), c.messages);
    EXPECT_EQUAL(recorder::lines({"lseek", "dup3", "setpgid", "execve", "wait4"}),
                 (Lines{"lseek(9, 0, 0)", "dup3(9, 0, 0)", "dup3(11, 1, 0)", "dup3(11, 2, 0)", "setpgid(0, 0)",
                        "execve(\"/bin/hook\", [\"hook\" \"a\"], [\"PATH=/bin\"])", "wait4(77, _, 0)"}));
    // The descriptors kept for the program are not the hook's.
    EXPECT_EQUAL(std::string(recorder::lines({"close"}).front()), "close(3)");
  }
}

TEST("sequence", lateHook, "a hook that takes too long is killed with its group") {
  PlanBuilder plan;
  make::clone(plan);
  make::hook(plan, "/bin/hook", {"hook"}, 3, -1);
  sample::end(plan);
  Subject subject(plan.bytes());
  int64_t clock = 100;
  recorder::answers([&clock](const recorder::Call& call) -> std::optional<long> {
    if (call.number == __NR_execve) return 0;
    if (call.number == __NR_clock_gettime) return *reinterpret_cast<sys::Timespec*>(call.args[1]) = {clock++, 0}, 0;
    return call.number == __NR_ppoll ? std::optional<long>(0) : std::nullopt;
  });
  walk(subject, {});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(1, Operation::HookTimeout, ETIMEDOUT)}));
  EXPECT_EQUAL(recorder::lines({"kill", "ppoll"}), (Lines{"ppoll(_, 2, _)", "ppoll(_, 2, _)", "kill(-77, 9)", "kill(77, 9)"}));
}

TEST("sequence", missingHook, "a hook that can't be executed says why") {
  PlanBuilder plan;
  make::clone(plan);
  make::hook(plan, "/bin/hook", {"hook"}, 0, -1);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::fails("execve", ENOENT);
  walk(subject, {});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(1, Operation::HookExec, ENOENT)}));
}

TEST("sequence", capabilities, "capabilities that can't be had are noticed, not an error") {
  PlanBuilder plan;
  make::clone(plan);
  auto& step = plan.add<wire::SetCapabilities>(Op::SetCapabilities);
  step.permitted = step.effective = 0x23;
  step.ambient = 0x1;
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::file("/bin/true", {sys::kTypeRegular});
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number == __NR_prctl && call.args[1] == sys::kPrCapAmbientRaise) return -EPERM;
    if (call.number != __NR_capget) return std::nullopt;
    auto* data = reinterpret_cast<sys::CapData*>(call.args[1]);
    data[0] = {0x3, 0x3, 0};
    data[1] = {0, 0, 0};
    return 0;
  });
  walk(subject, {});
  EXPECT_EQUAL(recorder::messages(), (Lines{"notice 1 39 1 permitted 0x20", "notice 1 39 1 ambient 0x1", fault(3, Operation::Execve, ENOEXEC, "/bin/true")}));
}

TEST("sequence", bounding, "bounding capabilities are dropped up to the kernel's last, and a dropped one is no error") {
  PlanBuilder plan;
  make::clone(plan);
  plan.add<wire::SetBounding>(Op::SetBounding).bounding = 0x5;
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number != __NR_prctl || call.args[0] != sys::kPrCapbsetDrop) return std::nullopt;
    if (call.args[1] == 3) return -EPERM;
    return call.args[1] == 5 ? std::optional<long>(-EINVAL) : std::nullopt;
  });
  walk(subject, {});
  EXPECT_EQUAL(recorder::lines({"prctl"}),
               (Lines{"prctl(24, 1, 0)", "prctl(24, 3, 0) = 1", "prctl(23, 3, 0)", "prctl(24, 4, 0)", "prctl(24, 5, 0) = 22", "prctl(8, 1, 0)"}));
}

TEST("sequence", denied, "a refused sysfs is taken from the host, read-only below it too (CVE-2023-25809)") {
  PlanBuilder plan = sample::begun();
  auto& step = make::mount(plan, "/sys", "sysfs");
  step.attrSet = 0xf;
  step.flags = 0xf;
  step.onDenied = step.realDirectory = 1;
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::fails("fsmount", EPERM);
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    bool sysfs = call.number == __NR_mount && call.args[2] && std::string(reinterpret_cast<const char*>(call.args[2])) == "sysfs";
    return sysfs ? std::optional<long>(-EPERM) : std::nullopt;
  });
  walk(subject, {2});
  Lines lines = from(recorder::lines(kMounting), "mount(\"sysfs\"");
  EXPECT_EQUAL(lines, (Lines{"mount(\"sysfs\", \"self/fd/13\", \"sysfs\", 0xf, null) = 1", "open_tree(cwd, \"/sys\", 0x88001)",
                             "mount_setattr(16, \"\", 0x9000, 0xf 0 0, 32)", "move_mount(16, \"\", 13, \"\", 0x44)"}));
}

TEST("sequence", overRoot, "nothing is mounted on the root itself") {
  PlanBuilder plan = sample::begun();
  make::mount(plan, "/", "tmpfs");
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number != __NR_statx) return std::nullopt;
    auto* out = reinterpret_cast<sys::Statx*>(call.args[4]);
    *out = {};
    out->mode = sys::kTypeDirectory;
    out->ino = out->mntId = 1;
    return 0;
  });
  walk(subject, {2});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(4, Operation::Verify, EBUSY)}));
  EXPECT_EQUAL(recorder::lines({"fsopen"}), Lines{});
}
