#include "boot.h"

#include "child.h"

using wire::Operation;

namespace {

constexpr uint64_t kMostSlots = 65536;

bool parse(Walker& walker, int count, const char* const* arguments) {
  uint64_t base = 0, slots = 0;
  if (count < 3 || count > 4 || !text::parse(arguments[1], base) || !text::parse(arguments[2], slots)) return false;
  if (base < 3 || base > kMostSlots || slots > kMostSlots) return false;
  walker.descriptors = {static_cast<int>(base), static_cast<uint32_t>(slots)};
  walker.channel = static_cast<int>(base);
  walker.channelIsSocket = true;
  walker.root = walker.proc = -1;
  walker.null.fd = walker.empty.fd = -1;
  walker.master = walker.terminal = -1;
  walker.restoreSoft = count == 4;
  return count == 3 || text::parse(arguments[3], walker.soft);
}

void closeOnExec(const Descriptors& descriptors) {
  int last = descriptors.base + 1 + static_cast<int>(descriptors.slots);
  if (sys::closeRange(static_cast<unsigned>(descriptors.base), ~0u, sys::kCloseRangeCloexec) == 0) return;
  for (int fd = descriptors.base; fd <= last; fd++) sys::fcntl(fd, sys::kFSetfd, sys::kFdCloexec);
}

// What is opened later must not become the program's standard input or output.
void fillStandard() {
  for (int fd = 0; fd < 3; fd++)
    if (sys::fcntl(fd, sys::kFGetfd, 0) == -EBADF) sys::openat(sys::kAtFdcwd, "/dev/null", sys::kRdwr);
}

Result mapPlan(const Walker& walker, const uint8_t*& bytes, uint64_t& size) {
  Fd file(walker.descriptors.base + 1);
  sys::Statx stat{};
  Result result = outcome(Operation::Fstat, sys::statx(file.get(), "", sys::kAtEmptyPath, sys::kStatxBasic, &stat));
  if (result.failed()) return result;
  size = stat.size;
  long at = sys::mmap(nullptr, size, sys::kProtRead, sys::kMapPrivate, file.get(), 0);
  if (at < 0 && at >= -4095) return outcome(Operation::Read, at);
  bytes = reinterpret_cast<const uint8_t*>(at);
  return kDone;
}

}  // namespace

int boot(Walker& walker, int count, const char* const* arguments) {
  if (!parse(walker, count, arguments)) return 2;
  closeOnExec(walker.descriptors);
  fillStandard();
  child::resetSignals();
  sys::prctl(sys::kPrSetPdeathsig, 0);
  sys::umask(0);
  const uint8_t* bytes = nullptr;
  uint64_t size = 0;
  Result result = mapPlan(walker, bytes, size);
  Defect defect{};
  if (!result.failed() && !check(bytes, size, walker.descriptors, defect)) result = fault(Operation::Verify, EINVAL);
  if (result.failed()) {
    walker.step = defect.step;
    if (defect.reason) walker.note(defect.reason);
    report(walker, wire::Report::Fault, result);
    return 1;
  }
  walker.plan = Plan(bytes);
  // R1: nobody reads or traces this process. The id maps of a new user namespace have to be written first.
  walker.dumpableUntilGo = walker.plan.has(wire::Op::WriteIdMaps) && !walker.plan.has(wire::Op::CloneInit);
  if (!walker.dumpableUntilGo) sys::prctl(sys::kPrSetDumpable, 0);
  return walk(walker);
}
