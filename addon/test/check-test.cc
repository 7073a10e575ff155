// check.cc: what may be walked, and what is refused before the first step.
#include <cstring>

#include "harness.h"
#include "recorder.h"
#include "sample.h"

using recorder::Subject;
using wire::Op;

namespace {

// Why a plan is refused, or "sound".
std::string verdict(const std::string& plan, Descriptors descriptors = {3, 4}) {
  Subject subject(plan, descriptors);
  return subject.check() ? "sound" : subject.defect.reason;
}

std::string with(const std::string& plan, size_t at, uint32_t value) {
  std::string out = plan;
  memcpy(out.data() + at, &value, sizeof value);
  return out;
}

size_t recordOf(const std::string& plan, Op op) {
  for (size_t at = sizeof(wire::Header); at + wire::kRecordSize <= plan.size(); at += wire::kRecordSize)
    if (reinterpret_cast<const wire::RecordHeader*>(plan.data() + at)->op == op) return at;
  return 0;
}

}  // namespace

TEST("check", sound, "accepts sound plans") {
  EXPECT_EQUAL(verdict(sample::shortest().bytes()), "sound");
  EXPECT_EQUAL(verdict(sample::everything().bytes()), "sound");
  EXPECT_EQUAL(verdict(sample::everything(false).bytes()), "sound");
}

TEST("check", idle, "accepts a plan that has nothing to execute") {
  PlanBuilder plan;
  make::clone(plan);
  make::parent(plan);
  make::exec(plan, {});
  EXPECT_EQUAL(verdict(plan.bytes()), "sound");
  EXPECT_EQUAL(verdict(plan.bytes(), {5, 0}), "sound");
}

TEST("check", truncated, "refuses every truncated plan") {
  for (const std::string& plan : {sample::shortest().bytes(), sample::everything().bytes()})
    for (size_t size = 0; size < plan.size(); size++) {
      EXPECT(verdict(plan.substr(0, size)) != "sound");
      // The same with a header that admits to it.
      if (size > sizeof(wire::Header)) {
        std::string shorter = with(plan.substr(0, size), offsetof(wire::Header, size), static_cast<uint32_t>(size));
        uint32_t pool = reinterpret_cast<const wire::Header*>(plan.data())->poolOffset;
        if (size > pool) shorter = with(shorter, offsetof(wire::Header, poolSize), static_cast<uint32_t>(size - pool));
        EXPECT(size > pool || verdict(shorter) != "sound");
        verdict(shorter);
      }
    }
}

TEST("check", header, "refuses another header") {
  std::string plan = sample::shortest().bytes();
  EXPECT_EQUAL(verdict(with(plan, offsetof(wire::Header, magic), 1)), "another format");
  EXPECT_EQUAL(verdict(with(plan, offsetof(wire::Header, version), 2)), "another format");
  EXPECT_EQUAL(verdict(with(plan, offsetof(wire::Header, size), 0xffffffff)), "another size");
  EXPECT_EQUAL(verdict(with(plan, offsetof(wire::Header, flags), 2)), "unknown flags");
  for (uint32_t steps : {0u, 3u, 5u, 65537u, 0x2aaaaaabu, 0xffffffffu})
    EXPECT(verdict(with(plan, offsetof(wire::Header, steps), steps)) != "sound");
  for (uint32_t offset : {0u, 31u, 32u, 0xfffffff0u}) EXPECT(verdict(with(plan, offsetof(wire::Header, poolOffset), offset)) != "sound");
  EXPECT(verdict(with(plan, offsetof(wire::Header, poolSize), 0xffffffff)) != "sound");
}

TEST("check", strings, "refuses strings that are not in the pool") {
  std::string plan = sample::shortest().bytes();
  size_t at = recordOf(plan, Op::FindProgram) + offsetof(wire::FindProgram, name);
  uint32_t pool = reinterpret_cast<const wire::Header*>(plan.data())->poolSize;
  for (uint32_t offset : {pool, pool + 1, 0x7fffffffu, 0xffffffffu}) EXPECT_EQUAL(verdict(with(plan, at, offset)), "a field out of bounds");
  PlanBuilder open = sample::shortest();
  uint32_t tail = open.array({0x41414141});
  EXPECT_EQUAL(verdict(open.bytes()), "sound");
  EXPECT_EQUAL(verdict(with(open.bytes(), recordOf(open.bytes(), Op::FindProgram) + 8, tail)), "a field out of bounds");
}

TEST("check", arrays, "refuses arrays and bytes that are not in the pool") {
  std::string plan = sample::everything().bytes();
  size_t exec = recordOf(plan, Op::Exec), seccomp = recordOf(plan, Op::LoadSeccomp), ids = recordOf(plan, Op::SetIds);
  for (uint32_t count : {1000u, 0x40000000u, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQUAL(verdict(with(plan, exec + offsetof(wire::Exec, argsCount), count)), "a field out of bounds");
    EXPECT_EQUAL(verdict(with(plan, ids + offsetof(wire::SetIds, groupsCount), count)), "a field out of bounds");
  }
  for (uint32_t offset : {1u, 2u, 0xfffffffcu, 0x7ffffffcu})
    EXPECT_EQUAL(verdict(with(plan, exec + offsetof(wire::Exec, args), offset)), "a field out of bounds");
  for (uint32_t length : {0xfffffff8u, 0x10000u}) EXPECT(verdict(with(plan, seccomp + offsetof(wire::LoadSeccomp, filterLength), length)) != "sound");
  for (uint32_t length : {0u, 7u, 9u}) EXPECT_EQUAL(verdict(with(plan, seccomp + offsetof(wire::LoadSeccomp, filterLength), length)), "no filter");
}

TEST("check", listed, "refuses lists of strings that are not in the pool") {
  std::string plan = sample::shortest().bytes();
  auto& header = *reinterpret_cast<const wire::Header*>(plan.data());
  auto& exec = *reinterpret_cast<const wire::Exec*>(plan.data() + recordOf(plan, Op::Exec));
  for (uint32_t i = 0; i < exec.argsCount; i++)
    for (uint32_t offset : {header.poolSize, 0x7fffffffu, 0xffffffffu})
      EXPECT_EQUAL(verdict(with(plan, header.poolOffset + exec.args + i * 4, offset)), "a field out of bounds");
}

TEST("check", slots, "refuses slots beyond those that were given") {
  std::string plan = sample::everything().bytes();
  size_t at = recordOf(plan, Op::AwaitStart) + offsetof(wire::AwaitStart, reportFifo);
  EXPECT_EQUAL(verdict(plan, {3, 3}), "a field out of bounds");
  EXPECT_EQUAL(verdict(with(plan, at, 4)), "a field out of bounds");
  EXPECT_EQUAL(verdict(with(plan, at, 0x80000000)), "a field out of bounds");
  EXPECT_EQUAL(verdict(with(plan, at, 0xffffffff)), "no slot");
}

TEST("check", walkers, "refuses steps by a walker that has no such step") {
  std::string plan = sample::shortest().bytes();
  size_t find = recordOf(plan, Op::FindProgram);
  for (uint32_t by : {0u, 2u, 3u, 255u}) EXPECT_EQUAL(verdict(with(plan, find, static_cast<uint32_t>(Op::FindProgram) | by << 16)), "another walker");
  EXPECT_EQUAL(verdict(with(plan, find, 0x1ffff)), "unknown step");
  EXPECT_EQUAL(verdict(with(plan, find + 4, 1)), "another walker");
}

TEST("check", order, "refuses plans in another order") {
  PlanBuilder rootless;
  make::clone(rootless);
  make::named(rootless, Op::Mask, "/proc/kcore");
  sample::end(rootless);
  EXPECT_EQUAL(verdict(rootless.bytes()), "a step before openRoot");

  PlanBuilder cloneless;
  sample::end(cloneless);
  EXPECT_EQUAL(verdict(cloneless.bytes()), "a step before clone");

  PlanBuilder endless;
  make::clone(endless);
  EXPECT_EQUAL(verdict(endless.bytes()), "no exec");

  PlanBuilder after = sample::shortest();
  after.plain(Op::NewSession);
  EXPECT_EQUAL(verdict(after.bytes()), "a step after exec");

  PlanBuilder blind;
  make::clone(blind);
  make::exec(blind, {"x"});
  EXPECT_EQUAL(verdict(blind.bytes()), "exec without findProgram");

  PlanBuilder waiting;
  make::clone(waiting);
  make::await(waiting, 0, 1);
  make::parent(waiting);
  sample::end(waiting);
  EXPECT_EQUAL(verdict(waiting.bytes()), "a step of the parent after awaitStart");

  PlanBuilder lone;
  make::clone(lone);
  lone.add<wire::UnshareNamespace>(Op::UnshareNamespace, wire::By::Launcher);
  sample::end(lone);
  EXPECT_EQUAL(verdict(lone.bytes()), "a step of init before cloneInit");

  PlanBuilder twice = sample::begun();
  make::openRoot(twice, "/");
  sample::end(twice);
  EXPECT_EQUAL(verdict(twice.bytes()), "a second openRoot");

  for (Op op : {Op::BindConsole, Op::UseConsole}) {
    PlanBuilder terminal = sample::begun();
    terminal.plain(op);
    sample::end(terminal);
    EXPECT_EQUAL(verdict(terminal.bytes()), "a step before openConsole");
  }

  PlanBuilder consoles = sample::begun();
  make::console(consoles, 0);
  make::console(consoles, 0);
  sample::end(consoles);
  EXPECT_EQUAL(verdict(consoles.bytes()), "a second openConsole");

  PlanBuilder unsent = sample::begun();
  make::console(unsent, -1);
  sample::end(unsent);
  EXPECT_EQUAL(verdict(unsent.bytes()), "no slot");
}

TEST("check", meaning, "refuses values that no plan has") {
  PlanBuilder flags;
  make::clone(flags);
  flags.add<wire::UnshareNamespace>(Op::UnshareNamespace).flags = 0x100;
  sample::end(flags);
  EXPECT_EQUAL(verdict(flags.bytes()), "flags that are no namespaces");

  PlanBuilder device = sample::begun();
  make::device(device, "/dev/x", 0100000, 1, 3);
  sample::end(device);
  EXPECT_EQUAL(verdict(device.bytes()), "no type of device");

  PlanBuilder preserve;
  make::clone(preserve);
  make::find(preserve, "x", {});
  make::exec(preserve, {"x"}, {}, 2);
  EXPECT_EQUAL(verdict(preserve.bytes()), "preserve is not base - 3");
  EXPECT_EQUAL(verdict(preserve.bytes(), {5, 0}), "sound");

  PlanBuilder hook;
  make::clone(hook);
  make::hook(hook, "/bin/x", {}, 0, -1);
  sample::end(hook);
  EXPECT_EQUAL(verdict(hook.bytes()), "no arguments");
}
