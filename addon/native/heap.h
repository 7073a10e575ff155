// The one heap of the native executable: the engine's objects, and everything that malloc and new give.
// It begins at a fixed address, so that what the engine has made of the program can be written down once, at build
// time, and be there again when the program starts.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace heap {

void* take(size_t size);
void give(void* block);
// As realloc(3).
void* resize(void* block, size_t size);
// How many bytes of a block may be used.
size_t room(const void* block);

// What whoever wrote the heap down left for whoever wakes it up; null when nothing was written.
void* root();

// Everything that was taken so far, ready to be found at the same address by another start of this program. Nothing
// may be taken from the heap or given back between this and the end of the process.
struct Bytes {
  const void* data;
  size_t size;
};
Bytes written(void* root);

}  // namespace heap
