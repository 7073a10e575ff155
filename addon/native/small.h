// Copying and comparing a few bytes quickly: most of what is copied here has less than 32.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace small {

struct Sixteen {
  uint64_t low, high;
} __attribute__((packed, may_alias));
struct Eight {
  uint64_t all;
} __attribute__((packed, may_alias));
struct Four {
  uint32_t all;
} __attribute__((packed, may_alias));
struct Two {
  uint16_t all;
} __attribute__((packed, may_alias));

// The first and the last so many bytes, which may be partly the same; both are read before one is written.
template <typename Part>
inline void copyEnds(uint8_t* to, const uint8_t* from, size_t size) {
  Part first = *reinterpret_cast<const Part*>(from);
  Part last = *reinterpret_cast<const Part*>(from + size - sizeof(Part));
  *reinterpret_cast<Part*>(to) = first;
  *reinterpret_cast<Part*>(to + size - sizeof(Part)) = last;
}

inline void copySmall(uint8_t* to, const uint8_t* from, size_t size) {
  if (size >= 16) return copyEnds<Sixteen>(to, from, size);
  if (size >= 8) return copyEnds<Eight>(to, from, size);
  if (size >= 4) return copyEnds<Four>(to, from, size);
  if (size >= 2) return copyEnds<Two>(to, from, size);
  if (size) *to = *from;
}

inline void* copy(void* __restrict given, const void* __restrict source, size_t size) {
  auto* to = static_cast<uint8_t*>(given);
  auto* from = static_cast<const uint8_t*>(source);
  if (size <= 32) {
    copySmall(to, from, size);
    return given;
  }
  auto last = *reinterpret_cast<const Sixteen*>(from + size - 16);
  uint8_t* end = to + size - 16;
  for (; to < end; to += 16, from += 16) *reinterpret_cast<Sixteen*>(to) = *reinterpret_cast<const Sixteen*>(from);
  *reinterpret_cast<Sixteen*>(end) = last;
  return given;
}

// Backwards where the end of what is read would be overwritten first.
inline void* move(void* given, const void* source, size_t size) {
  auto* to = static_cast<uint8_t*>(given);
  auto* from = static_cast<const uint8_t*>(source);
  if (size <= 32) {
    copySmall(to, from, size);
    return given;
  }
  auto first = *reinterpret_cast<const Sixteen*>(from);
  auto last = *reinterpret_cast<const Sixteen*>(from + size - 16);
  if (static_cast<size_t>(to - from) >= size)
    for (size_t at = 16; at < size - 16; at += 16) copyEnds<Sixteen>(to + at, from + at, 16);
  else
    for (size_t at = size - 16; at > 16; at -= 16) copyEnds<Sixteen>(to + at - 16, from + at - 16, 16);
  *reinterpret_cast<Sixteen*>(to) = first;
  *reinterpret_cast<Sixteen*>(to + size - 16) = last;
  return given;
}

inline int compare(const void* one, const void* other, size_t size) {
  auto* a = static_cast<const uint8_t*>(one);
  auto* b = static_cast<const uint8_t*>(other);
  while (size >= 8 && reinterpret_cast<const Eight*>(a)->all == reinterpret_cast<const Eight*>(b)->all) {
    a += 8;
    b += 8;
    size -= 8;
  }
  for (; size; a++, b++, size--)
    if (*a != *b) return *a - *b;
  return 0;
}

}  // namespace small
