// The loop over the records, and the messages to and from the parent.
#include "walker.h"

using wire::By;
using wire::Report;

void report(const Walker& walker, Report kind, Result result, uint64_t value) {
  wire::Message message{};
  message.report = kind;
  message.step = walker.step;
  message.operation = result.operation;
  message.error = result.error;
  message.value = value;
  text::Writer(message.detail, sizeof message.detail).add(walker.detail);
  if (walker.channelIsSocket)
    sys::send(walker.channel, &message, sizeof message, sys::kMsgNosignal);
  else
    sys::write(walker.channel, &message, sizeof message);
}

namespace {

// The parent's limits are not in its records, only that there are some.
Result prepareRun(Walker& walker, uint32_t end) {
  return walker.plan.find(wire::Op::SetRlimit, walker.step) < end ? restoreLimit(walker) : kDone;
}

uint32_t endOfRun(const Plan& plan, uint32_t step) {
  while (step < plan.steps() && plan.record(step).by == By::Parent) step++;
  return step;
}

// EOF, or any other answer than the one that is due, ends this process without a word: the parent is gone or has given up.
bool awaitGo(Walker& walker, uint32_t next) {
  wire::Go go{};
  long size;
  do size = sys::read(walker.channel, &go, sizeof go);
  while (size == -EINTR);
  if (size != static_cast<long>(sizeof go) || go.step != next) return false;
  if (walker.dumpableUntilGo) sys::prctl(sys::kPrSetDumpable, 0);
  walker.dumpableUntilGo = false;
  return true;
}

uint64_t now() {
  sys::Timespec time{};
  sys::clockGettime(sys::kClockMonotonic, &time);
  return static_cast<uint64_t>(time.sec) * 1000000000u + static_cast<uint64_t>(time.nsec);
}

bool walkStep(Walker& walker) {
  walker.detail[0] = 0;
  walker.fresh = false;
  Result result = dispatch(walker, walker.plan.record(walker.step));
  if (result.failed()) {
    report(walker, Report::Fault, result);
    return false;
  }
  walker.detail[0] = 0;
  if (walker.plan.header().flags & wire::kFlagTrace && !walker.fresh) report(walker, Report::Walked, kDone, now());
  return true;
}

}  // namespace

Result restoreLimit(Walker& walker) {
  if (!walker.restoreSoft) return kDone;
  walker.restoreSoft = false;
  sys::Rlimit limit{};
  Result result = outcome(wire::Operation::Prlimit, sys::prlimit(0, sys::kRlimitNofile, nullptr, &limit));
  if (result.failed()) return result;
  limit.soft = walker.soft;
  return outcome(wire::Operation::Prlimit, sys::prlimit(0, sys::kRlimitNofile, &limit, nullptr));
}

int walk(Walker& walker) {
  const Plan& plan = walker.plan;
  walker.step = plan.find(wire::Op::Clone) + 1;
  walker.fresh = true;
  while (walker.step < plan.steps() && !walker.finished) {
    if (plan.record(walker.step).by == By::Parent) {
      uint32_t next = endOfRun(plan, walker.step);
      Result result = prepareRun(walker, next);
      if (result.failed()) {
        report(walker, Report::Fault, result);
        return 1;
      }
      if (!walker.fresh) report(walker, Report::Reached, kDone);
      if (!awaitGo(walker, next)) return 1;
      walker.step = next;
      continue;
    }
    if (!walkStep(walker)) return 1;
    walker.step++;
  }
  return walker.finished ? 0 : 1;
}
