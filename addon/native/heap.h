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

// In front of every block: the size of both, and whether they have a mapping of their own.
struct Head {
  uint64_t size;
};
constexpr uint64_t kMappedMark = 1;
constexpr size_t kUnit = 16;

// How many bytes of a block may be used.
inline size_t room(const void* block) {
  if (!block) return 0;
  uint64_t size = (static_cast<const Head*>(block) - 1)->size;
  return size & kMappedMark ? (size & ~kMappedMark) - kUnit : size - sizeof(Head);
}

// What whoever wrote the heap down left for whoever wakes it up; null when nothing was written.
void* root();

// For writing a heap down (layout.cc): gives the place of every block that was not in use before, head included, or
// null where there is none. setPlacer gives the first place; before it are the few blocks that a C library may have
// taken before main.
using Placer = uint8_t* (*)(size_t whole);
uint8_t* setPlacer(Placer placer);

// Prepares the heap to be found at the same address by another start of this program, whose root it will be; gives that
// address. What is taken later comes from elsewhere.
const uint8_t* finish(void* root);

// Where the heap ends.
const uint8_t* end();

}  // namespace heap
