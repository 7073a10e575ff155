// What errno numbers mean, in the words of runtime/linux/errno.ts: C libraries differ in theirs.
#include <stdio.h>
#include <string.h>

namespace {

// Made from that file by scripts/native/program.mjs: a text for every number from 0 on, null where there is none.
const char* const texts[] = {
#include "errors.inc"
};

}  // namespace

extern "C" char* strerror(int error) {
  static char unknown[32];
  auto at = static_cast<size_t>(error);
  if (error >= 0 && at < sizeof texts / sizeof *texts && texts[at]) return const_cast<char*>(texts[at]);
  snprintf(unknown, sizeof unknown, "unknown error %d", error);
  return unknown;
}
