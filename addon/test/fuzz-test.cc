// Mutated plans: refused before the first step, or walked within bounds whatever the kernel answers. ASan watches the
// walker's own accesses (the plan lies in memory of exactly its size), the recorder what is handed to the kernel.
#include <cstring>

#include "harness.h"
#include "recorder.h"
#include "sample.h"

using recorder::Subject;

namespace {

constexpr size_t kMostCalls = 50000;

uint32_t interesting(std::mt19937_64& random, uint32_t now) {
  static const uint32_t values[] = {0, 1, 2, 3, 4, 7, 8, 95, 96, 97, 255, 256, 4095, 4096, 65535, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  switch (random() % 4) {
    case 0:
      return values[random() % (sizeof values / sizeof *values)];
    case 1:
      return now + static_cast<uint32_t>(random() % 17) - 8;
    case 2:
      return now ^ (1u << random() % 32);
    default:
      return static_cast<uint32_t>(random() % 4096);
  }
}

void mutate(std::string& plan, std::mt19937_64& random) {
  auto record = [&] { return sizeof(wire::Header) + random() % 40 * wire::kRecordSize; };
  switch (random() % 8) {
    case 0:
      plan[random() % plan.size()] = static_cast<char>(random());
      break;
    case 1: {
      size_t a = record(), b = record();
      if (std::max(a, b) + wire::kRecordSize > plan.size()) break;
      for (size_t i = 0; i < wire::kRecordSize; i++) std::swap(plan[a + i], plan[b + i]);
      break;
    }
    case 2:
      plan.resize(plan.size() - random() % 64);
      break;
    default: {
      size_t at = random() % (plan.size() / 4) * 4;
      if (random() % 2) at = record() + random() % 24 * 4;
      uint32_t value;
      if (at + sizeof value > plan.size()) break;
      memcpy(&value, plan.data() + at, sizeof value);
      value = interesting(random, value);
      memcpy(plan.data() + at, &value, sizeof value);
    }
  }
}

// The answers to the stops of this plan, as the parent would give them.
std::vector<uint32_t> goes(const std::string& bytes) {
  auto& header = *reinterpret_cast<const wire::Header*>(bytes.data());
  auto parent = [&](uint32_t i) {
    return reinterpret_cast<const wire::RecordHeader*>(bytes.data() + sizeof header + i * wire::kRecordSize)->by == wire::By::Parent;
  };
  std::vector<uint32_t> out;
  bool cloned = false;
  for (uint32_t i = 0; i < header.steps; i++) {
    auto& record = *reinterpret_cast<const wire::RecordHeader*>(bytes.data() + sizeof header + i * wire::kRecordSize);
    bool end = parent(i) && (i + 1 == header.steps || !parent(i + 1));
    if (cloned && end) out.push_back(i + 1);
    if (record.op == wire::Op::Clone) {
      cloned = true;
      if (i + 1 < header.steps && !parent(i + 1)) continue;
    }
  }
  return out;
}

struct Tally {
  size_t refused = 0, walked = 0, calls = 0;
};

void walkOnce(const std::string& plan, uint64_t seed, Tally& tally) {
  Subject subject(plan);
  bool sound = subject.check();
  EXPECT_EQUAL(recorder::count(), size_t{0});
  tally.refused += !sound;
  if (!sound) return;
  recorder::go(goes(plan));
  recorder::chance(seed, kMostCalls);
  int status = subject.walk();
  EXPECT(status == 0 || status == 1);
  tally.walked++;
  tally.calls += recorder::count();
}

}  // namespace

TEST("fuzz", mutated, "walks mutated plans within bounds or not at all") {
  unsigned long count = harness::argument(0, 20000), seed = harness::argument(1, 1);
  const std::string plans[] = {sample::shortest().bytes(), sample::everything(true).bytes(), sample::everything(false).bytes()};
  Tally tally;
  for (unsigned long i = 0; i < count; i++) {
    std::mt19937_64 random(seed * 1000003 + i);
    std::string plan = plans[random() % 3];
    for (uint64_t times = random() % 4; times; times--) mutate(plan, random);
    walkOnce(plan, random(), tally);
  }
  printf("  %zu refused, %zu walked, %zu system calls\n", tally.refused, tally.walked, tally.calls);
  EXPECT(tally.refused > count / 20);
  EXPECT(tally.walked > count / 20);
}

TEST("fuzz", garbage, "refuses garbage") {
  unsigned long count = harness::argument(0, 20000), seed = harness::argument(1, 1);
  for (unsigned long i = 0; i < count; i++) {
    std::mt19937_64 random(seed * 7919 + i);
    std::string plan(random() % 512, '\0');
    for (char& c : plan) c = static_cast<char>(random());
    if (random() % 2 && plan.size() >= sizeof(wire::Header)) {
      auto& header = *reinterpret_cast<wire::Header*>(plan.data());
      header = {wire::kMagic, wire::kVersion, static_cast<uint32_t>(plan.size()), 0, static_cast<uint32_t>(random() % 5), 0, 0, 0};
      header.poolOffset = 32 + header.steps * wire::kRecordSize;
      header.poolSize = header.size - header.poolOffset;
    }
    Subject subject(plan);
    EXPECT(!subject.check());
  }
}
