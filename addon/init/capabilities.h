// The capability sets of this process as 64-bit masks.
#pragma once
#include "sys.h"

struct Capabilities {
  uint64_t effective, permitted, inheritable;
};

inline long getCapabilities(Capabilities& out) {
  sys::CapHeader header{sys::kCapVersion, 0};
  sys::CapData data[2]{};
  long result = sys::capget(&header, data);
  out.effective = data[0].effective | static_cast<uint64_t>(data[1].effective) << 32;
  out.permitted = data[0].permitted | static_cast<uint64_t>(data[1].permitted) << 32;
  out.inheritable = data[0].inheritable | static_cast<uint64_t>(data[1].inheritable) << 32;
  return result;
}

inline long setCapabilities(const Capabilities& wanted) {
  sys::CapHeader header{sys::kCapVersion, 0};
  auto low = [](uint64_t set) { return static_cast<uint32_t>(set); };
  auto high = [](uint64_t set) { return static_cast<uint32_t>(set >> 32); };
  sys::CapData data[2] = {{low(wanted.effective), low(wanted.permitted), low(wanted.inheritable)},
                          {high(wanted.effective), high(wanted.permitted), high(wanted.inheritable)}};
  return sys::capset(&header, data);
}
