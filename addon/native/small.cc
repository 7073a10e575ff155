// What a C library that is made to be small does slower than it could, and so often that it is felt: musl copies with
// an instruction that takes its time to begin, compares byte by byte, and sets CLOEXEC twice.
#include <features.h>

#ifndef __GLIBC__
#include "small.h"

#include <fcntl.h>
#include <stdarg.h>

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, size_t size) { return small::copy(to, from, size); }
void* memmove(void* to, const void* from, size_t size) { return small::move(to, from, size); }
int memcmp(const void* one, const void* other, size_t size) { return small::compare(one, other, size); }

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
  va_end(more);
  return openat(AT_FDCWD, path, flags, mode);
}
}
#endif
