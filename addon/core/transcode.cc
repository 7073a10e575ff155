#include "transcode.h"

#include <string.h>

namespace core {
namespace {

constexpr uint32_t kEscape = 0xDC00;
bool isEscape(uint32_t code) { return code >= 0xDC80 && code <= 0xDCFF; }
bool isSurrogate(uint32_t code) { return code >= 0xD800 && code <= 0xDFFF; }

void append(std::string& bytes, uint32_t code) {
  if (code < 0x80) {
    bytes += static_cast<char>(code);
    return;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  bytes += static_cast<char>(kLead[more] | (code >> (6 * more)));
  while (more--) bytes += static_cast<char>(0x80 | ((code >> (6 * more)) & 0x3F));
}

View rest(View bytes, size_t at) { return {bytes.data + at, bytes.size - at}; }

// The three bytes of a surrogate at the start of `text`, which strict UTF-8 forbids; 0 when there is none.
uint32_t surrogateBytes(View text) {
  const uint8_t* p = text.data;
  if (text.size < 3 || p[0] != 0xED || (p[1] & 0xE0) != 0xA0 || (p[2] & 0xC0) != 0x80) return 0;
  return 0xD000 | ((p[1] & 0x3Fu) << 6) | (p[2] & 0x3Fu);
}

}  // namespace

size_t sequence(View bytes, uint32_t& code) {
  const uint8_t* p = bytes.data;
  if (p[0] < 0x80) {
    code = p[0];
    return 1;
  }
  size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
  if (p[0] < 0xC2 || p[0] > 0xF4 || bytes.size < length) return 0;
  code = p[0] & (0x7F >> length);
  for (size_t at = 1; at < length; at++) {
    if ((p[at] & 0xC0) != 0x80) return 0;
    code = (code << 6) | (p[at] & 0x3F);
  }
  static constexpr uint32_t kLowest[] = {0, 0, 0x80, 0x800, 0x10000};
  return code < kLowest[length] || code > 0x10FFFF || isSurrogate(code) ? 0 : length;
}

bool isAscii(View bytes) {
  size_t at = 0;
  for (; at + 8 <= bytes.size; at += 8) {
    uint64_t eight;
    memcpy(&eight, bytes.data + at, 8);
    if (eight & 0x8080808080808080) return false;
  }
  for (; at < bytes.size; at++)
    if (bytes.data[at] >= 0x80) return false;
  return true;
}

void toUtf16(View bytes, std::u16string& text) {
  text.clear();
  text.reserve(bytes.size);
  for (size_t at = 0; at < bytes.size;) {
    uint32_t code;
    size_t length = sequence(rest(bytes, at), code);
    if (!length) {
      code = kEscape + bytes.data[at];
      length = 1;
    }
    at += length;
    if (code >= 0x10000) {
      text += static_cast<char16_t>(0xD7C0 + (code >> 10));
      code = 0xDC00 | (code & 0x3FF);
    }
    text += static_cast<char16_t>(code);
  }
}

bool fromUtf16(const char16_t* text, size_t length, std::string& bytes) {
  bytes.clear();
  bytes.reserve(length);
  for (size_t at = 0; at < length; at++) {
    uint32_t code = text[at];
    bool high = code >= 0xD800 && code <= 0xDBFF;
    if (high && at + 1 < length && text[at + 1] >= 0xDC00 && text[at + 1] <= 0xDFFF) {
      append(bytes, 0x10000 + ((code & 0x3FF) << 10) + (text[++at] & 0x3FFu));
    } else if (isEscape(code)) {
      bytes += static_cast<char>(code - kEscape);
    } else if (isSurrogate(code)) {
      return false;
    } else {
      append(bytes, code);
    }
  }
  return true;
}

void toWtf8(View bytes, std::string& text) {
  text.clear();
  text.reserve(bytes.size);
  for (size_t at = 0; at < bytes.size;) {
    uint32_t code;
    size_t length = sequence(rest(bytes, at), code);
    if (length)
      text.append(reinterpret_cast<const char*>(bytes.data) + at, length);
    else
      append(text, kEscape + bytes.data[at]);
    at += length ? length : 1;
  }
}

bool fromWtf8(View text, std::string& bytes) {
  bytes.clear();
  bytes.reserve(text.size);
  for (size_t at = 0; at < text.size;) {
    uint32_t code;
    if (size_t length = sequence(rest(text, at), code)) {
      bytes.append(reinterpret_cast<const char*>(text.data) + at, length);
      at += length;
    } else if (isEscape(surrogateBytes(rest(text, at)))) {
      bytes += static_cast<char>(surrogateBytes(rest(text, at)) - kEscape);
      at += 3;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace core
