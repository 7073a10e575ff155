#include "layout.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../core/fd.h"
#include "heap.h"

extern "C" uint8_t tsrunHeap[];

namespace layout {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kHead = 8;  // in front of a block; the block itself is aligned to twice that

size_t wholePages(size_t size) { return (size + kPage - 1) & ~(kPage - 1); }

// On stdin, for every block in the order in which they are asked for: where it goes, in units of 16 bytes from the
// place of the first one, and how large it is in the same units.
struct Entry {
  uint32_t place;
  uint32_t units;
};

// Not in the heap.
struct Plan {
  Entry* entries = nullptr;
  size_t count = 0;
  size_t asked = 0;
  bool fits = true;
  uint8_t* first = nullptr;
  uint8_t* end = nullptr;
};
Plan plan;

uint8_t* keepEnd(uint8_t* place, size_t whole) {
  if (place + whole > heap::end()) return nullptr;
  if (place + whole > plan.end) plan.end = place + whole;
  return place;
}

uint8_t* spread(size_t whole) {
  auto end = reinterpret_cast<uintptr_t>(plan.end);
  return keepEnd(reinterpret_cast<uint8_t*>(wholePages(end) + kHead), whole);
}

uint8_t* inOrder(size_t whole) { return keepEnd(plan.end, whole); }

uint8_t* asPlanned(size_t whole) {
  if (plan.asked >= plan.count || plan.entries[plan.asked].units != whole / 16) {
    plan.fits = false;
    return nullptr;
  }
  return keepEnd(plan.first + size_t{plan.entries[plan.asked++].place} * 16, whole);
}

bool readPlan() {
  constexpr size_t kMost = 16 << 20;
  void* memory = ::mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  size_t size = 0;
  for (;;) {
    ssize_t got = core::uninterrupted([&] { return ::read(0, static_cast<uint8_t*>(memory) + size, kMost - size); });
    if (got < 0) return false;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  plan.entries = static_cast<Entry*>(memory);
  plan.count = size / sizeof(Entry);
  return size < kMost;
}

bool writeAll(int fd, const uint8_t* data, size_t size) {
  for (size_t at = 0; at < size;) {
    ssize_t wrote = core::uninterrupted([&] { return ::write(fd, data + at, size - at); });
    if (wrote <= 0) return false;
    at += static_cast<size_t>(wrote);
  }
  return true;
}

}  // namespace

bool prepare(Mode mode) {
  if (mode == kWrite && !readPlan()) return false;
  plan.first = plan.end = heap::setPlacer(mode == kSpread ? spread : plan.count ? asPlanned : inOrder);
  return true;
}

bool writeHeap(void* root) {
  size_t size = wholePages(static_cast<size_t>(plan.end - tsrunHeap));
  if (!plan.fits || (plan.count && plan.asked != plan.count)) return false;
  return writeAll(STDOUT_FILENO, heap::finish(root), size);
}

void writeTouched() {
  constexpr uint64_t kPresent = uint64_t{1} << 63, kOfFile = uint64_t{1} << 61;
  core::Fd file(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  size_t first = reinterpret_cast<uintptr_t>(tsrunHeap) / kPage;
  size_t pages = wholePages(static_cast<size_t>(heap::end() - tsrunHeap)) / kPage;
  for (size_t page = 0; page < pages;) {
    uint64_t found[512];
    ssize_t got = ::pread(file.get(), found, sizeof found, static_cast<off_t>((first + page) * sizeof *found));
    if (got <= 0) return;
    uint8_t touched[512];
    size_t count = static_cast<size_t>(got) / sizeof *found;
    for (size_t at = 0; at < count; at++) touched[at] = (found[at] & (kPresent | kOfFile)) == kPresent;
    if (!writeAll(3, touched, count)) return;
    page += count;
  }
}

}  // namespace layout
