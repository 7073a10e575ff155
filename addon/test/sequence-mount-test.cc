// The calls of the steps that mount.
#include "sequences.h"

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

TEST("sequence", nosymfollow, "where mount_setattr does not know nosymfollow, mount(2) does (5.10)") {
  PlanBuilder plan = sample::begun();
  make::bind(plan, "/src", "/data").attrSet = 0x200001;
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::answers([](const recorder::Call& call) -> std::optional<long> {
    if (call.number != sys::kNrMountSetattr) return std::nullopt;
    bool unknown = reinterpret_cast<const sys::MountAttr*>(call.args[3])->set & sys::kAttrNosymfollow;
    return unknown ? std::optional<long>(-EINVAL) : std::nullopt;
  });
  walk(subject, {2});
  EXPECT_EQUAL(from(recorder::lines(kMounting), "open_tree(cwd"),
               (Lines{"open_tree(cwd, \"/src\", 0x88001)", "mount_setattr(13, \"\", 0x1000, 0x200001 0 0, 32) = 22",
                      "move_mount(13, \"\", 14, \"\", 0x44)", "mount(null, \"self/fd/13\", null, 0x1121, null)"}));
}

TEST("sequence", locked, "in a user namespace the access times of the host's mount are left, other locked flags an error") {
  for (uint64_t locked : {uint64_t{0x70}, uint64_t{0x72}}) {
    PlanBuilder plan;
    make::clone(plan);
    make::parent(plan);
    plan.plain(Op::BecomeRoot);
    plan.add<wire::SetPropagation>(Op::SetPropagation).flags = 0x84000;
    make::openRoot(plan, "/bundle/rootfs");
    auto& step = make::bind(plan, "/src", "/data");
    step.attrSet = 0x11;
    step.attrClear = 0x72;
    sample::end(plan);
    Subject subject(plan.bytes());
    recorder::answers([locked](const recorder::Call& call) -> std::optional<long> {
      if (call.number == __NR_mount && call.args[3] & sys::kMsRemount) return -EPERM;
      if (call.number != sys::kNrMountSetattr) return std::nullopt;
      return reinterpret_cast<const sys::MountAttr*>(call.args[3])->clear & locked ? std::optional<long>(-EPERM) : std::nullopt;
    });
    walk(subject, {2});
    bool others = locked & 2;
    EXPECT_EQUAL(recorder::messages()[0].substr(0, 7), std::string(others ? "fault 5" : "notice "));
    std::string reason = others ? "a flag that the host's mount has can't be taken away in a user namespace" : "the host's mode of access times is kept";
    EXPECT(recorder::messages()[0].find(reason) != std::string::npos);
  }
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
    if (call.number == __NR_fstatfs && call.args[0] == 16) return reinterpret_cast<sys::Statfs*>(call.args[1])->type = sys::kSysfsMagic, 0;
    bool sysfs = call.number == __NR_mount && call.args[2] && std::string(reinterpret_cast<const char*>(call.args[2])) == "sysfs";
    return sysfs ? std::optional<long>(-EPERM) : std::nullopt;
  });
  walk(subject, {2});
  Lines lines = from(recorder::lines(kMounting), "mount(\"sysfs\"");
  EXPECT_EQUAL(lines, (Lines{"mount(\"sysfs\", \"self/fd/13\", \"sysfs\", 0xf, null) = 1", "open_tree(cwd, \"/sys\", 0x88001)",
                             "mount_setattr(16, \"\", 0x9000, 0xf 0 0, 32)", "move_mount(16, \"\", 13, \"\", 0x44)"}));
}

TEST("sequence", given, "a mount that the parent has made is filled, attached and made what it is to be") {
  PlanBuilder plan = sample::begun();
  uint32_t propagation = plan.array({0x40000});
  auto& step = make::mount(plan, "/data", "tmpfs");
  step.slot = 2;
  step.keepMode = step.copyUp = 1;
  step.propagation = propagation;
  step.propagationCount = 1;
  sample::end(plan);
  Subject subject(plan.bytes());
  walk(subject, {2});
  EXPECT_EQUAL(recorder::lines({"fsopen", "fsmount", "fchmod", "getdents64", "move_mount", "mount_setattr"}),
               (Lines{"move_mount(12, \"\", 11, \"\", 0x44)", "fchmod(15, 0x1ed)", "getdents64(16, _, 4096)", "move_mount(7, \"\", 14, \"\", 0x44)",
                      "mount_setattr(7, \"\", 0x1000, 0 0 0x40000, 32)"}));
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
