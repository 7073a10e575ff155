// Transcoding, hashing and the check before JSON.parse.
#include <string.h>

#include <random>

#include "../../../addon/core/json.h"
#include "../../../addon/core/sha256.h"
#include "../../../addon/core/transcode.h"
#include "check.h"

using namespace core;

namespace {

std::string randomBytes(std::mt19937& random) {
  static const char* pieces[] = {"a", "/", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"};
  std::string bytes;
  for (unsigned count = random() % 12; count; count--) {
    if (random() % 3)
      bytes += pieces[random() % (sizeof pieces / sizeof *pieces)];
    else
      bytes += static_cast<char>(random());
  }
  return bytes;
}

int check(const std::string& text, uint32_t depth) {
  // An exact copy on the heap, so that reading past the end is seen.
  Buffer exact(text.size());
  memcpy(exact.data(), text.data(), text.size());
  return checkJson(exact.view(), depth);
}

}  // namespace

// Any bytes come back as they were, through either form of an engine's strings.
void anyBytesSurvive() {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; round++) {
    std::string bytes = randomBytes(random), back;
    std::u16string wide;
    toUtf16(view(bytes), wide);
    CHECK(fromUtf16(wide.data(), wide.size(), back));
    CHECK(back == bytes);
    std::string narrow;
    toWtf8(view(bytes), narrow);
    CHECK(fromWtf8(view(narrow), back));
    CHECK(back == bytes);
  }
}

void validTextIsItself() {
  std::u16string wide;
  toUtf16(view("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), wide);
  CHECK(wide == u"a\u00e4\u20ac\U0001F600");
  toUtf16(view("\xED\xA0\x80\xFF"), wide);
  CHECK(wide == std::u16string({0xDCED, 0xDCA0, 0xDC80, 0xDCFF}));
}

// Only U+DC80..U+DCFF stand for bytes: nothing below 0x80 (NUL, slash) can be smuggled in.
void otherSurrogatesAreRefused() {
  std::string bytes;
  for (char16_t code : {0xD800, 0xDBFF, 0xDC00, 0xDC2F, 0xDC7F, 0xDD00, 0xDFFF}) {
    CHECK(!fromUtf16(&code, 1, bytes));
    std::string three = {'\xED', static_cast<char>(0x80 | ((code >> 6) & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
    CHECK(!fromWtf8(view(three), bytes));
  }
}

void sequencesAreStrict() {
  uint32_t code;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x80\xAF", "\xE2\x82", "\xED\xA0\x80", "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    CHECK(sequence({reinterpret_cast<const uint8_t*>(bad), strlen(bad)}, code) == 0);
  CHECK(sequence(view("\xF4\x8F\xBF\xBF"), code) == 4 && code == 0x10FFFF);
}

void hashesAreThoseOfTheStandard() {
  SAME(sha256(view("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  SAME(sha256(view("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  SAME(sha256(view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  SAME(sha256(view(std::string(1000000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

void nestingIsCountedOutsideOfStrings() {
  CHECK(check("[[[]]]", 3) == 0);
  CHECK(check("[[[]]]", 2) == ELOOP);
  CHECK(check("{\"a\":[{}]}", 3) == 0);
  CHECK(check("{\"a\":[{}]}", 2) == ELOOP);
  CHECK(check("[\"[[[[\", \"\\\"[[[\", \"\\\\\", []]", 2) == 0);
  CHECK(check("[\"\\\\\", [[]]]", 2) == ELOOP);
  CHECK(check(std::string(1 << 20, '['), 128) == ELOOP);
  CHECK(check("[],[],[],[]", 1) == 0);
  CHECK(check("]]]][", 1) == 0);
}

void onlyUtf8IsJson() {
  CHECK(check("\"\xC3\xA4\"", 1) == 0);
  CHECK(check("\"\xFF\"", 1) == EILSEQ);
  CHECK(check("\"\xED\xB2\x80\"", 1) == EILSEQ);
  CHECK(check("\"\xE2\x82", 1) == EILSEQ);
  CHECK(check("\"\\", 1) == 0);
  CHECK(check("", 1) == 0);
}

extern const Test textTests[];
const Test textTests[] = {
    {"any bytes survive the way in and out", anyBytesSurvive},
    {"valid text is itself", validTextIsItself},
    {"other surrogates are refused", otherSurrogatesAreRefused},
    {"sequences are strict", sequencesAreStrict},
    {"hashes are those of the standard", hashesAreThoseOfTheStandard},
    {"nesting is counted outside of strings", nestingIsCountedOutsideOfStrings},
    {"only UTF-8 is JSON", onlyUtf8IsJson},
    {nullptr, nullptr},
};
