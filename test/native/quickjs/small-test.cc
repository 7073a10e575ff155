// small.h against the obvious, for every size and distance that takes another way through it.
#include "../../../addon/native/small.h"

#include <stdio.h>
#include <string.h>

#include <vector>

namespace {

constexpr size_t kLargest = 120, kFurthest = 70;

std::vector<uint8_t> pattern() {
  std::vector<uint8_t> bytes(2 * kLargest + 2 * kFurthest);
  for (size_t at = 0; at < bytes.size(); at++) bytes[at] = static_cast<uint8_t>(at * 7 + 3);
  return bytes;
}

bool copies(size_t size, size_t from, size_t to) {
  std::vector<uint8_t> expected = pattern(), moved = pattern(), copied = pattern();
  std::vector<uint8_t> kept(expected.begin() + from, expected.begin() + from + size);
  for (size_t at = 0; at < size; at++) expected[to + at] = kept[at];
  if (small::move(moved.data() + to, moved.data() + from, size) != moved.data() + to || moved != expected) return false;
  bool apart = from + size <= to || to + size <= from;
  return !apart || (small::copy(copied.data() + to, copied.data() + from, size) && copied == expected);
}

int sign(int value) { return (value > 0) - (value < 0); }

bool compares(size_t size, size_t difference) {
  std::vector<uint8_t> one = pattern(), other = pattern();
  if (difference < size) other[difference] ^= 0x80;
  int expected = difference < size ? one[difference] - other[difference] : 0;
  return sign(small::compare(one.data(), other.data(), size)) == sign(expected);
}

}  // namespace

int main() {
  size_t wrong = 0, tried = 0;
  for (size_t size = 0; size <= kLargest; size++) {
    for (size_t from = 0; from <= kFurthest; from++)
      for (size_t to = 0; to <= kFurthest; to++, tried++) wrong += !copies(size, from, to);
    for (size_t at = 0; at <= size; at++, tried++) wrong += !compares(size, at);
  }
  printf("%zu of %zu wrong\n", wrong, tried);
  return wrong || !tried;
}
