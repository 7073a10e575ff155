#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Two reserved ranges that the linker puts at fixed addresses. The first is all zeros, or what was written down; the
// second is where a heap that was woken up grows first.
extern "C" {
extern uint8_t tsrunHeap[], tsrunHeapEnd[], tsrunArena[], tsrunArenaEnd[];
}

namespace heap {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kExact = 64;                 // classes of one unit more each
constexpr size_t kClasses = kExact + 4 * 16;  // then four per doubling, up to kLargest
constexpr size_t kMapped = 256 << 10;         // from here on a block has a mapping of its own
constexpr size_t kGrowth = 4 << 20;
constexpr size_t kLargest = 32 << 20;         // of a block that has none

struct Free {
  Free* next;
};

struct State {
  uint64_t ready;
  void* root;
  uint8_t* next;
  uint8_t* end;
  Placer placer;
  Free* free[kClasses];
};

State& state() { return *reinterpret_cast<State*>(tsrunHeap); }

// A block is aligned to kUnit, and its head to half of that.
Head* headOf(const void* block) { return reinterpret_cast<Head*>(const_cast<void*>(block)) - 1; }

// The class whose blocks hold `units`, which is rounded up to what they hold.
size_t classOf(size_t& units) {
  if (units <= kExact) return units - 1;
  unsigned doubling = 63 - __builtin_clzll(units - 1);
  size_t step = size_t{1} << (doubling - 2);
  units = (units + step - 1) & ~(step - 1);
  return kExact + (doubling - 6) * 4 + ((units - 1) >> (doubling - 2)) - 4;
}

void* map(size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

// The first block of a range begins half a unit in, so that what follows its head is aligned.
void useRange(State& all, uint8_t* from, uint8_t* end) {
  all.next = from + kUnit - sizeof(Head);
  all.end = end;
}

uint8_t* firstPlace() { return tsrunHeap + ((sizeof(State) + kUnit - 1) & ~(kUnit - 1)); }

// A place for a block that is not in use and is not to be had in the range.
uint8_t* findPlace(State& all, size_t whole) {
  if (all.placer) return all.placer(whole);
  if (!all.next) {
    useRange(all, firstPlace(), tsrunHeapEnd);
  } else {
    auto* range = static_cast<uint8_t*>(map(kGrowth));
    if (!range) return nullptr;
    useRange(all, range, range + kGrowth);
  }
  uint8_t* place = all.next;
  all.next += whole;
  return place;
}

void* takeMapped(size_t size) {
  size = (size + kUnit + kPage - 1) & ~(kPage - 1);
  auto* at = static_cast<uint8_t*>(map(size));
  if (!at) return nullptr;
  void* block = at + kUnit;
  headOf(block)->size = size | kMappedMark;
  return block;
}

bool isMapped(const Head* head) { return head->size & kMappedMark; }
size_t sizeOf(const Head* head) { return head->size & ~kMappedMark; }

void* resizeMapped(Head* head, size_t size) {
  size = (size + kUnit + kPage - 1) & ~(kPage - 1);
  auto* at = reinterpret_cast<uint8_t*>(head) + sizeof(Head) - kUnit;
  void* moved = ::mremap(at, sizeOf(head), size, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return nullptr;
  void* block = static_cast<uint8_t*>(moved) + kUnit;
  headOf(block)->size = size | kMappedMark;
  return block;
}

}  // namespace

void* take(size_t size) {
  State& all = state();
  // What is to be written down can't have a mapping of its own.
  if (size > kMapped - kUnit && !all.placer) return size > PTRDIFF_MAX / 2 ? nullptr : takeMapped(size);
  if (size > kLargest) return nullptr;
  size_t units = (size + sizeof(Head) + kUnit - 1) / kUnit;
  size_t list = classOf(units);
  if (Free* found = all.free[list]) {
    all.free[list] = found->next;
    return found;
  }
  size_t whole = units * kUnit;
  uint8_t* place = all.next;
  if (whole <= static_cast<size_t>(all.end - all.next))
    all.next += whole;
  else if (!(place = findPlace(all, whole)))
    return nullptr;
  auto* head = reinterpret_cast<Head*>(place);
  head->size = whole;
  return head + 1;
}

void give(void* block) {
  if (!block) return;
  Head* head = headOf(block);
  if (isMapped(head)) {
    ::munmap(static_cast<uint8_t*>(block) - kUnit, sizeOf(head));
    return;
  }
  size_t units = head->size / kUnit;
  size_t list = classOf(units);
  auto* freed = static_cast<Free*>(block);
  freed->next = state().free[list];
  state().free[list] = freed;
}

void* resize(void* block, size_t size) {
  if (!block) return take(size);
  Head* head = headOf(block);
  bool stays = size <= room(block);
  if (isMapped(head) && size > kMapped - kUnit && size <= PTRDIFF_MAX / 2) return resizeMapped(head, size);
  if (stays && !isMapped(head)) return block;
  void* moved = take(size);
  if (!moved) return nullptr;
  size_t kept = room(block);
  memcpy(moved, block, kept < size ? kept : size);
  give(block);
  return moved;
}

void* root() { return state().ready ? state().root : nullptr; }

const uint8_t* end() { return tsrunHeapEnd; }

uint8_t* setPlacer(Placer placer) {
  State& all = state();
  if (!all.next) useRange(all, firstPlace(), tsrunHeapEnd);
  all.placer = placer;
  uint8_t* first = all.next;
  all.next = all.end = nullptr;
  memset(all.free, 0, sizeof all.free);
  return first;
}

const uint8_t* finish(void* root) {
  State& all = state();
  all.ready = 1;
  all.root = root;
  all.placer = nullptr;
  // What was freed lies here and there: whoever took it would touch a page for each block.
  memset(all.free, 0, sizeof all.free);
  useRange(all, tsrunArena, tsrunArenaEnd);
  return tsrunHeap;
}

}  // namespace heap

extern "C" {

void* malloc(size_t size) {
  void* block = heap::take(size);
  if (!block) errno = ENOMEM;
  return block;
}

void free(void* block) { heap::give(block); }

void* calloc(size_t count, size_t size) {
  size_t all;
  void* block = __builtin_mul_overflow(count, size, &all) ? nullptr : heap::take(all);
  if (block) return memset(block, 0, all);
  errno = ENOMEM;
  return nullptr;
}

void* realloc(void* block, size_t size) {
  void* moved = heap::resize(block, size);
  if (!moved) errno = ENOMEM;
  return moved;
}

size_t malloc_usable_size(void* block) { return heap::room(block); }

// Nothing here needs more than malloc's alignment. All must be there, or a C library brings its own and malloc with it.
void* memalign(size_t alignment, size_t size) {
  if (alignment <= heap::kUnit) return malloc(size);
  errno = EINVAL;
  return nullptr;
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
void* valloc(size_t size) { return memalign(heap::kPage, size); }
void* pvalloc(size_t size) { return memalign(heap::kPage, size); }
int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block ? 0 : errno;
}
}
