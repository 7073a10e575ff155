#include "json.h"

#include "transcode.h"

namespace core {

int checkJson(View text, uint32_t maxDepth) {
  uint32_t depth = 0;
  bool quoted = false;
  for (size_t at = 0; at < text.size;) {
    uint8_t byte = text.data[at];
    if (byte >= 0x80) {
      uint32_t code;
      size_t length = sequence({text.data + at, text.size - at}, code);
      if (!length) return EILSEQ;
      at += length;
      continue;
    }
    at++;
    if (byte == '"') {
      quoted = !quoted;
    } else if (quoted) {
      // What is escaped is looked at like any other byte, unless it would be taken for something else.
      if (byte == '\\' && at < text.size && (text.data[at] == '"' || text.data[at] == '\\')) at++;
    } else if (byte == '[' || byte == '{') {
      if (++depth > maxDepth) return ELOOP;
    } else if ((byte == ']' || byte == '}') && depth) {
      depth--;
    }
  }
  return 0;
}

}  // namespace core
