// The plan as it lies in memory, read-only. Nothing here checks bounds: check() has done so for the whole plan before
// the first step.
#pragma once
#include "../generated/wire.h"

// The descriptors that launch gave this process: the channel at base, the plan at base + 1, slot N at base + 2 + N.
struct Descriptors {
  int base;
  uint32_t slots;
};

class Plan {
 public:
  Plan() = default;
  explicit Plan(const uint8_t* bytes) : bytes_(bytes) {}
  const wire::Header& header() const { return *reinterpret_cast<const wire::Header*>(bytes_); }
  uint32_t steps() const { return header().steps; }
  const wire::RecordHeader& record(uint32_t step) const {
    return *reinterpret_cast<const wire::RecordHeader*>(bytes_ + sizeof(wire::Header) + static_cast<size_t>(step) * wire::kRecordSize);
  }
  template <class Fields>
  const Fields& fields(uint32_t step) const {
    return reinterpret_cast<const Fields&>(record(step));
  }
  const uint8_t* pool() const { return bytes_ + header().poolOffset; }
  const char* text(uint32_t offset) const { return reinterpret_cast<const char*>(pool() + offset); }
  const uint32_t* array(uint32_t offset) const { return reinterpret_cast<const uint32_t*>(pool() + offset); }
  const char* text(uint32_t array, uint32_t index) const { return text(this->array(array)[index]); }
  // The index of the first record with this op from `from` on, or steps().
  uint32_t find(wire::Op op, uint32_t from = 0) const {
    while (from < steps() && record(from).op != op) from++;
    return from;
  }
  bool has(wire::Op op) const { return find(op) < steps(); }

 private:
  const uint8_t* bytes_ = nullptr;
};

// Why a plan is refused: the record (or 0) and a word about it.
struct Defect {
  uint32_t step;
  const char* reason;
};

// Checks every offset, count, slot and the order of records. Returns true when the plan may be walked; nothing of it has
// been acted on before. bytes must be 8-aligned.
bool check(const uint8_t* bytes, uint64_t size, const Descriptors& descriptors, Defect& defect);
