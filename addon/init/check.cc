// The one bounds check of the whole plan, before its first step. The walker trusts a plan only because of this file.
#include "plan.h"

#include "sys.h"
#include "text.h"

namespace {

using wire::By;
using wire::Kind;
using wire::Op;

constexpr uint32_t kMostSteps = 65536;

struct Bounds {
  const uint8_t* pool;
  uint32_t size;
  uint32_t ends;  // offsets below this one have a NUL at or after them
  uint32_t slots;
};

uint32_t load(const uint8_t* at) {
  uint32_t value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}

const wire::Layout* layoutOf(Op op) {
  for (const wire::Layout& layout : wire::kLayouts)
    if (layout.op == op) return &layout;
  return nullptr;
}

bool arrayFits(const Bounds& bounds, uint32_t offset, uint32_t count) {
  return offset % 4 == 0 && offset <= bounds.size && count <= (bounds.size - offset) / 4;
}

bool stringsFit(const Bounds& bounds, uint32_t offset, uint32_t count) {
  if (!arrayFits(bounds, offset, count)) return false;
  for (uint32_t i = 0; i < count; i++)
    if (load(bounds.pool + offset + i * 4) >= bounds.ends) return false;
  return true;
}

bool fieldFits(const Bounds& bounds, const uint8_t* record, const wire::Field& field) {
  uint32_t first = load(record + field.offset);
  switch (field.kind) {
    case Kind::String:
      return first < bounds.ends;
    case Kind::Strings:
      return stringsFit(bounds, first, load(record + field.offset + 4));
    case Kind::Bytes: {
      uint32_t length = load(record + field.offset + 4);
      return first <= bounds.size && length <= bounds.size - first;
    }
    case Kind::U32s:
      return arrayFits(bounds, first, load(record + field.offset + 4));
    case Kind::Slot:
      return first == ~0u || first < bounds.slots;
    case Kind::U32:
    case Kind::I32:
    case Kind::U64:
      return true;
  }
  return false;
}

// What the bounds alone don't say, per step: nullptr when sound, else the reason.
template <class Fields>
const Fields& as(const wire::RecordHeader& record) {
  return reinterpret_cast<const Fields&>(record);
}

const char* namespaces(uint64_t flags) { return flags & ~sys::kCloneNamespaces ? "flags that are no namespaces" : nullptr; }

const char* sound(const Plan& plan, const wire::RecordHeader& record, const Descriptors& descriptors) {
  // The parent's records are bare marks of its stops.
  if (record.by == By::Parent) return nullptr;
  switch (record.op) {
    case Op::CloneInit:
      return namespaces(as<wire::CloneInit>(record).namespaces);
    case Op::UnshareNamespace:
      return namespaces(as<wire::UnshareNamespace>(record).flags);
    case Op::JoinNamespace:
      if (as<wire::JoinNamespace>(record).slot < 0) return "no slot";
      return namespaces(as<wire::JoinNamespace>(record).flags);
    case Op::JoinCgroup:
      return as<wire::JoinCgroup>(record).slot < 0 ? "no slot" : nullptr;
    case Op::SetAffinity:
      return as<wire::SetAffinity>(record).cpusLength == 0 ? "no CPUs" : nullptr;
    case Op::SendConsole:
      return as<wire::SendConsole>(record).slot < 0 ? "no slot" : nullptr;
    case Op::MakeDevice: {
      uint32_t type = as<wire::MakeDevice>(record).type;
      return type == sys::kTypeChar || type == sys::kTypeBlock || type == sys::kTypeFifo ? nullptr : "no type of device";
    }
    case Op::LoadSeccomp: {
      uint32_t length = as<wire::LoadSeccomp>(record).filterLength;
      return length == 0 || length % 8 || length / 8 > 0xffff ? "no filter" : nullptr;
    }
    case Op::SetIds:
      return as<wire::SetIds>(record).groupsCount > 65536 ? "too many groups" : nullptr;
    case Op::AwaitStart:
      return as<wire::AwaitStart>(record).execFifo < 0 || as<wire::AwaitStart>(record).reportFifo < 0 ? "no slot" : nullptr;
    case Op::RunHook:
      return as<wire::RunHook>(record).argsCount == 0 || !*plan.text(as<wire::RunHook>(record).path) ? "no arguments" : nullptr;
    case Op::Exec:
      // A container without a process has nothing to execute.
      if (as<wire::Exec>(record).argsCount == 0) return nullptr;
      return as<wire::Exec>(record).preserve != static_cast<uint32_t>(descriptors.base - 3) ? "preserve is not base - 3" : nullptr;
    default:
      return nullptr;
  }
}

// Steps that act on the container's files must have a root of the container, or they would act on the host's.
bool needsRoot(Op op) {
  switch (op) {
    case Op::Mount:
    case Op::Bind:
    case Op::Remount:
    case Op::MakeDevice:
    case Op::Symlink:
    case Op::SetSysctl:
    case Op::PivotRoot:
    case Op::Chroot:
    case Op::Mask:
    case Op::MakeReadonly:
    case Op::MakeRootReadonly:
    case Op::LabelFile:
    case Op::BindConsole:
      return true;
    default:
      return false;
  }
}

// The order of records, read once from front to back.
struct Order {
  bool cloned = false, launcher = false, init = false, root = false, left = false, waiting = false, program = false, ended = false;
  bool terminal = false;

  const char* next(const wire::RecordHeader& record) {
    if (record.op == Op::Clone) {
      if (cloned) return "a second clone";
      cloned = true;
      return nullptr;
    }
    if (record.by == By::Parent) return waiting && !ended ? "a step of the parent after awaitStart" : nullptr;
    if (!cloned) return "a step before clone";
    if (ended) return "a step after exec";
    return record.by == By::Launcher ? launch(record) : walk(record);
  }

  const char* launch(const wire::RecordHeader& record) {
    if (init) return "a step of the launcher after cloneInit";
    launcher = true;
    if (record.op == Op::CloneInit) init = true, launcher = false;
    return nullptr;
  }

  const char* walk(const wire::RecordHeader& record) {
    if (launcher) return "a step of init before cloneInit";
    init = true;
    if (needsRoot(record.op) && !root) return "a step before openRoot";
    switch (record.op) {
      case Op::OpenRoot:
        if (root) return "a second openRoot";
        root = true;
        return nullptr;
      case Op::PivotRoot:
      case Op::Chroot:
        if (left) return "a second root";
        left = true;
        return nullptr;
      case Op::OpenConsole:
        if (terminal) return "a second openConsole";
        terminal = true;
        return nullptr;
      case Op::BindConsole:
      case Op::SendConsole:
      case Op::UseConsole:
        return terminal ? nullptr : "a step before openConsole";
      case Op::AwaitStart:
        if (waiting) return "a second awaitStart";
        waiting = true;
        return nullptr;
      case Op::FindProgram:
        program = true;
        return nullptr;
      case Op::Exec:
        if (!program && as<wire::Exec>(record).argsCount) return "exec without findProgram";
        ended = true;
        return nullptr;
      default:
        return nullptr;
    }
  }
};

const char* checkHeader(const wire::Header& header, uint64_t size) {
  if (header.magic != wire::kMagic || header.version != wire::kVersion) return "another format";
  if (header.size != size || header.steps == 0 || header.steps > kMostSteps) return "another size";
  uint64_t pool = sizeof(wire::Header) + static_cast<uint64_t>(header.steps) * wire::kRecordSize;
  if (header.poolOffset != pool || pool >= size || header.poolSize != size - pool) return "another pool";
  return header.flags & ~wire::kFlagTrace || header.reserved ? "unknown flags" : nullptr;
}

const char* checkRecord(const Plan& plan, uint32_t step, const Bounds& bounds, const Descriptors& descriptors) {
  const wire::RecordHeader& record = plan.record(step);
  const wire::Layout* layout = layoutOf(record.op);
  if (!layout) return "unknown step";
  unsigned by = static_cast<unsigned>(record.by);
  if (by > 2 || !(layout->by >> by & 1) || record.reserved || record.zero) return "another walker";
  for (unsigned i = 0; i < layout->fields; i++)
    if (!fieldFits(bounds, reinterpret_cast<const uint8_t*>(&record), layout->field[i])) return "a field out of bounds";
  return sound(plan, record, descriptors);
}

}  // namespace

bool check(const uint8_t* bytes, uint64_t size, const Descriptors& descriptors, Defect& defect) {
  defect = {0, "too short"};
  if (size <= sizeof(wire::Header) || size > 0x7fffffff) return false;
  Plan plan(bytes);
  const wire::Header& header = plan.header();
  if ((defect.reason = checkHeader(header, size))) return false;
  Bounds bounds{plan.pool(), header.poolSize, header.poolSize, descriptors.slots};
  while (bounds.ends && bounds.pool[bounds.ends - 1]) bounds.ends--;
  defect.reason = "no empty string";
  if (bounds.pool[0]) return false;
  Order order;
  for (uint32_t step = 0; step < header.steps; step++) {
    defect.step = step;
    if ((defect.reason = checkRecord(plan, step, bounds, descriptors))) return false;
    if ((defect.reason = order.next(plan.record(step)))) return false;
  }
  defect.reason = "no exec";
  return order.ended;
}
