#pragma once
#include <unistd.h>

#include "fd.h"
#include "value.h"

namespace core {

// Reads to the end of the file. 0, or an errno: EFBIG when there are more than `max` bytes. `expected` is a hint.
inline int readAll(int fd, size_t max, size_t expected, Buffer& content) {
  size_t used = 0;
  size_t first = expected && expected < max ? expected : 4096;
  Buffer buffer((first < max ? first : max) + 1);
  if (!buffer) return ENOMEM;
  for (;;) {
    ssize_t got = uninterrupted([&] { return ::read(fd, buffer.data() + used, buffer.size() - used); });
    if (got < 0) return errno;
    if (got == 0) break;
    used += got;
    if (used > max) return EFBIG;
    if (used < buffer.size()) continue;
    size_t wanted = buffer.size() * 4;
    if (!buffer.grow((wanted < max ? wanted : max) + 1)) return ENOMEM;
  }
  buffer.shrink(used);
  content = std::move(buffer);
  return 0;
}

}  // namespace core
