#pragma once
#include "../init/sys.h"

namespace core {

// Blocks all signals for a scope: no handler of ours may run in a child whose memory is ours.
class NoSignals {
 public:
  NoSignals() {
    uint64_t all = ~uint64_t{0};
    sys::rtSigprocmask(sys::kSigSetmask, &all, &before_);
  }
  ~NoSignals() { sys::rtSigprocmask(sys::kSigSetmask, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  uint64_t before_ = 0;
};

}  // namespace core
