// The calls around a terminal: reached by descriptors only, and nothing of it kept.
#include <algorithm>

#include "sequences.h"

namespace {

// /dev/pts of the container is a devpts, and its ptmx what it should be.
std::optional<long> devpts(const recorder::Call& call) {
  if (call.number != __NR_fstatfs) return std::nullopt;
  reinterpret_cast<sys::Statfs*>(call.args[1])->type = sys::kDevptsMagic;
  return 0;
}

void ptmx(const std::string& path, uint32_t minor = 2) { recorder::file(path, {sys::kTypeChar, 5, minor, 1}); }

// exec's plan, which has no root of its own and nothing to bind.
PlanBuilder seated() {
  PlanBuilder plan;
  make::clone(plan);
  make::parent(plan);
  make::console(plan, 0, false);
  sample::end(plan);
  return plan;
}

// Everything up to the end of useConsole, which closes the terminal.
Lines seating(const Lines& lines) {
  Lines out;
  for (const auto& line : lines) {
    if (line.rfind("read(", 0) == 0) continue;
    if (line.rfind("statx", 0) == 0 || line.rfind("prctl", 0) == 0) continue;
    out.push_back(line);
    if (line.rfind("dup3(", 0) == 0 && line.find(", 2, 0)") != std::string::npos) break;
  }
  return out;
}

}  // namespace

TEST("sequence", console, "a terminal comes from the devpts below the root, by its descriptor") {
  Subject subject(seated().bytes());
  recorder::answers(devpts);
  ptmx("root:/dev/pts/ptmx");
  walk(subject, {2});
  EXPECT_EQUAL(seating(recorder::lines()),
               (Lines{"openat(cwd, \"/\", 0x290000, 0)", "openat2(10, \"/dev/pts\", 0x280000 0x12, 24)", "fstatfs(11, _)",
                      "openat2(11, \"ptmx\", 0x80102 0xf, 24)", "close(11)", "ioctl(12, 0x40045431, _)", "ioctl(12, 0x5441, _)",
                      "ioctl(13, 0x5414, _)", "ioctl(13, 0x5401, _)", "ioctl(13, 0x5402, _)", "fchownat(13, \"\", 1000, -1, 0x1000)",
                      "sendmsg(5, _, 0x4000)", "close(5)", "close(12)", "ioctl(13, 0x540e, _)", "dup3(13, 0, 0)", "dup3(13, 1, 0)",
                      "dup3(13, 2, 0)"}));
  Lines closed = recorder::lines({"close"});
  EXPECT(std::find(closed.begin(), closed.end(), "close(13)") != closed.end());
  EXPECT(subject.walker.master == -1 && subject.walker.terminal == -1);
}

TEST("sequence", boundConsole, "the terminal is bound from its descriptor, on no link") {
  PlanBuilder plan = sample::begun();
  make::console(plan, 0);
  sample::end(plan);
  Subject subject(plan.bytes());
  recorder::answers(devpts);
  ptmx("root:/dev/pts/ptmx");
  recorder::file("root:/dev/console", {sys::kTypeRegular, 0, 0, 1});
  walk(subject, {2});
  // From the look-up of the target, where 0x16 is IN_ROOT, NO_MAGICLINKS and NO_SYMLINKS, to the sending.
  Lines bound = from(recorder::lines({"openat2", "open_tree", "move_mount", "close", "sendmsg"}), "openat2(12, \"/dev/console\"");
  bound.resize(std::min(bound.size(), size_t{6}));
  EXPECT_EQUAL(bound, (Lines{"openat2(12, \"/dev/console\", 0x280000 0x16, 24)", "open_tree(15, \"\", 0x81001)",
                             "move_mount(17, \"\", 16, \"\", 0x44)", "close(17)", "close(16)", "sendmsg(5, _, 0x4000)"}));
}

TEST("sequence", falseDevpts, "what is no devpts, or has another ptmx, gives no terminal") {
  Subject plain(seated().bytes());
  walk(plain, {2});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(2, Operation::Verify, ENODEV, "/dev/pts of the container is no devpts")}));
  EXPECT_EQUAL(recorder::lines({"ioctl", "sendmsg", "dup3"}), (Lines{}));
  Subject tty(seated().bytes());
  recorder::answers(devpts);
  ptmx("root:/dev/pts/ptmx", 0);
  walk(tty, {2});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(2, Operation::Verify, ENODEV)}));
  EXPECT_EQUAL(recorder::lines({"ioctl", "sendmsg", "dup3"}), (Lines{}));
}

TEST("sequence", besideDevpts, "a ptmx that is nobody's to open has another beside the devpts, looked at before it is opened") {
  for (uint32_t minor : {2u, 7u}) {
    Subject subject(seated().bytes());
    recorder::answers([](const recorder::Call& call) -> std::optional<long> {
      bool opened = call.number == sys::kNrOpenat2 && call.args[0] == 11 && std::string(reinterpret_cast<const char*>(call.args[1])) == "ptmx";
      return opened ? std::optional<long>(-EACCES) : devpts(call);
    });
    ptmx("root:/dev/ptmx", minor);
    ptmx("root:/dev//ptmx", minor);
    walk(subject, {2});
    Lines nodes = from(recorder::lines({"openat", "openat2", "fcntl", "ioctl"}), "openat(12, \"ptmx\"");
    nodes.resize(std::min(nodes.size(), size_t{minor == 2 ? 3u : 2u}));
    if (minor == 2) {
      EXPECT_EQUAL(nodes, (Lines{"openat(12, \"ptmx\", 0x2a0000, 0)", "openat2(12, \"ptmx\", 0x80902 0xf, 24)", "fcntl(14, 4, 2)"}));
    } else {
      EXPECT_EQUAL(recorder::messages(), (Lines{fault(2, Operation::Open, EACCES)}));
      EXPECT_EQUAL(recorder::lines({"ioctl"}), (Lines{}));
    }
  }
}

TEST("sequence", otherOwner, "a terminal whose owner can't be changed is used as it is, and told") {
  for (int error : {EPERM, EINVAL, EROFS}) {
    Subject subject(seated().bytes());
    recorder::answers(devpts);
    ptmx("root:/dev/pts/ptmx");
    recorder::fails("fchownat", error);
    walk(subject, {2});
    bool goesOn = error != EROFS;
    EXPECT_EQUAL(recorder::lines({"sendmsg"}).size(), size_t{goesOn});
    EXPECT_EQUAL(recorder::messages().empty() ? "" : recorder::messages()[0].substr(0, 8), std::string(goesOn ? "notice 2" : "fault 2 "));
  }
}

TEST("sequence", lostReceiver, "a receiver that is gone ends the walk") {
  Subject subject(seated().bytes());
  recorder::answers(devpts);
  ptmx("root:/dev/pts/ptmx");
  recorder::fails("sendmsg", EPIPE);
  walk(subject, {2});
  EXPECT_EQUAL(recorder::messages(), (Lines{fault(3, Operation::Sendmsg, EPIPE)}));
  EXPECT_EQUAL(recorder::lines({"dup3"}), (Lines{}));
}
