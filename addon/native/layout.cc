#include "layout.h"

#include <signal.h>
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

constexpr size_t kMost = 32 << 20;
constexpr size_t kMostBlocks = kMost / sizeof(Entry);

// While a run is rehearsed: every block's first page and size, and what was done to every page.
struct Watched {
  uint32_t page;
  uint32_t units;
};
enum Use : uint8_t { kAlone, kRead, kWritten };
Watched* blocks = nullptr;
Use* uses = nullptr;

template <typename Item>
Item* room() {
  void* memory = ::mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<Item*>(memory);
}

uint8_t* keepEnd(uint8_t* place, size_t whole) {
  if (place + whole > heap::end()) return nullptr;
  if (place + whole > plan.end) plan.end = place + whole;
  return place;
}

uint8_t* spread(size_t whole) {
  auto* page = reinterpret_cast<uint8_t*>(wholePages(reinterpret_cast<uintptr_t>(plan.end)));
  if (plan.asked == kMostBlocks) return nullptr;
  blocks[plan.asked++] = {static_cast<uint32_t>((page - tsrunHeap) / kPage), static_cast<uint32_t>(whole / 16)};
  return keepEnd(page + kHead, whole);
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
  plan.entries = room<Entry>();
  size_t size = 0;
  for (ssize_t got = 1; got != 0 && size < kMost; size += static_cast<size_t>(got)) {
    auto* to = reinterpret_cast<uint8_t*>(plan.entries) + size;
    got = core::uninterrupted([&] { return ::read(STDIN_FILENO, to, kMost - size); });
    if (got < 0) return false;
  }
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

// The first access to a page that was watched is taken for a read, and a second one that fails for a write.
void reach(int, siginfo_t* fault, void*) {
  auto* at = static_cast<uint8_t*>(fault->si_addr);
  if (at < tsrunHeap || at >= plan.end) _exit(128 + SIGSEGV);
  size_t page = static_cast<size_t>(at - tsrunHeap) / kPage;
  uses[page] = uses[page] == kAlone ? kRead : kWritten;
  int protection = uses[page] == kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  if (::mprotect(tsrunHeap + page * kPage, kPage, protection) < 0) _exit(128 + SIGSEGV);
}

Use useOf(const Watched& block) {
  Use most = kAlone;
  size_t end = wholePages(block.page * kPage + kHead + size_t{block.units} * 16) / kPage;
  for (size_t page = block.page; page < end; page++)
    if (uses[page] > most) most = uses[page];
  return most;
}

}  // namespace

bool prepare(Mode mode) {
  if (mode == kWrite && !readPlan()) return false;
  if (mode == kRehearse) {
    blocks = room<Watched>();
    uses = room<Use>();
  }
  plan.first = plan.end = heap::setPlacer(mode == kRehearse ? spread : plan.count ? asPlanned : inOrder);
  return true;
}

bool writeHeap(void* root) {
  size_t size = wholePages(static_cast<size_t>(plan.end - tsrunHeap));
  if (!plan.fits || (plan.count && plan.asked != plan.count)) return false;
  return writeAll(STDOUT_FILENO, heap::finish(root), size);
}

void watch() {
  heap::finish(nullptr);
  struct sigaction action = {};
  action.sa_sigaction = reach;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, nullptr);
  uint8_t* first = tsrunHeap + blocks[0].page * kPage;
  ::mprotect(first, wholePages(static_cast<size_t>(plan.end - first)), PROT_NONE);
}

bool tell() {
  uint8_t* first = tsrunHeap + blocks[0].page * kPage;
  ::mprotect(first, wholePages(static_cast<size_t>(plan.end - first)), PROT_READ);
  for (size_t at = 0; at < plan.asked; at++) {
    uint32_t told[] = {blocks[at].units, useOf(blocks[at])};
    blocks[at] = {told[0], told[1]};
  }
  return writeAll(3, reinterpret_cast<uint8_t*>(blocks), plan.asked * sizeof *blocks);
}

}  // namespace layout
