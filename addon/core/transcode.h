// Between the bytes of the outside and the strings of JavaScript. A byte that is not part of valid UTF-8 is kept as
// the lone surrogate U+DC00 + byte, so any bytes survive the way in and out again.
#pragma once
#include <string>

#include "value.h"

namespace core {

// Length of the valid UTF-8 sequence at the start of `bytes`, which isn't empty, or 0; `code` is its code point.
size_t sequence(View bytes, uint32_t& code);

bool isAscii(View bytes);

// For engines that give and take UTF-16.
void toUtf16(View bytes, std::u16string& text);
// False for a lone surrogate that stands for no byte.
bool fromUtf16(const char16_t* text, size_t length, std::string& bytes);

// For engines that give and take UTF-8 with lone surrogates as three bytes.
void toWtf8(View bytes, std::string& text);
bool fromWtf8(View text, std::string& bytes);

}  // namespace core
