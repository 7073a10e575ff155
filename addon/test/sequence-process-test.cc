// The calls of the steps that make the program what it is, and of hooks.
#include "sequences.h"

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
