// Text, hashes and the reading of JSON.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "call.h"
#include "fd.h"
#include "json.h"
#include "read.h"
#include "sha256.h"

namespace core {
namespace {

Buffer copy(View bytes) {
  Buffer buffer(bytes.size);
  if (buffer && bytes.size) memcpy(buffer.data(), bytes.data, bytes.size);
  return buffer;
}

// The bindings transcode text on its way in and out, so both are copies.
Result encode(const Args& args) { return Result::of(Result::Kind::Bytes, copy(args.data(0))); }
Result decode(const Args& args) { return Result::of(Result::Kind::Text, copy(args.data(0))); }

Result hash(const Args& args) {
  std::string digits = sha256(args.data(0));
  return Result::of(Result::Kind::Text, copy(view(digits)));
}

// O_NONBLOCK, so that a FIFO in the place of the file can't hang us before it is refused.
Result readJson(const Args& args) {
  Fd file(uninterrupted([&] { return ::open(args.text(0), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }));
  if (!file) return Result::fail("open", errno);
  struct stat status;
  if (::fstat(file.get(), &status) < 0) return Result::fail("fstat", errno);
  if (S_ISDIR(status.st_mode)) return Result::fail("read", EISDIR);
  if (!S_ISREG(status.st_mode)) return Result::fail("read", EINVAL);
  uint32_t max = args.natural(1);
  if (static_cast<uint64_t>(status.st_size) > max) return Result::fail("read", EFBIG);
  Buffer text;
  if (int error = readAll(file.get(), max, status.st_size, text)) return Result::fail("read", error);
  if (int error = checkJson(text.view(), args.natural(2))) return Result::fail("parse", error);
  return Result::of(Result::Kind::Text, std::move(text));
}

const Call rows[] = {
    {"encode", "x", encode},
    {"decode", "b", decode},
    {"sha256", "d", hash},
    {"readJson", "tuu", readJson},
};

}  // namespace

Table text() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
