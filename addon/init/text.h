// Strings without libc: bounded, never allocating.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace text {

inline size_t length(const char* s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

inline bool equal(const char* a, const char* b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

inline bool startsWith(const char* s, const char* prefix) {
  while (*prefix && *s == *prefix) s++, prefix++;
  return *prefix == 0;
}

// Appends to a fixed array and keeps it NUL-terminated; what doesn't fit is cut, and fits() tells.
class Writer {
 public:
  Writer(char* out, size_t size) : out_(out), size_(size) { out_[0] = 0; }
  Writer& add(char c) {
    if (used_ + 1 < size_) {
      out_[used_++] = c;
      out_[used_] = 0;
    } else {
      cut_ = true;
    }
    return *this;
  }
  Writer& add(const char* s, size_t most = ~static_cast<size_t>(0)) {
    while (most-- && *s && !cut_) add(*s++);
    return *this;
  }
  Writer& number(uint64_t value) {
    char digits[20];
    int n = 0;
    do digits[n++] = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
    while (n) add(digits[--n]);
    return *this;
  }
  Writer& hex(uint64_t value) {
    add("0x");
    int shift = 60;
    while (shift && !(value >> shift)) shift -= 4;
    for (; shift >= 0; shift -= 4) add("0123456789abcdef"[value >> shift & 15]);
    return *this;
  }
  bool fits() const { return !cut_; }
  size_t used() const { return used_; }

 private:
  char* out_;
  size_t size_;
  size_t used_ = 0;
  bool cut_ = false;
};

// A whole decimal number of at most 20 digits; false for anything else.
inline bool parse(const char* s, uint64_t& out) {
  uint64_t value = 0;
  if (!*s) return false;
  for (; *s; s++) {
    if (*s < '0' || *s > '9') return false;
    uint64_t digit = static_cast<uint64_t>(*s - '0');
    if (value > (~0ULL - digit) / 10) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}

}  // namespace text
