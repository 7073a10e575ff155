// The calls of the steps that make, change and enter files.
#include <cstdio>
#include <set>

#include "sequences.h"

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
