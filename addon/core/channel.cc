// The SOCK_SEQPACKET channel to init.
#include <sys/socket.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

constexpr size_t kMaxMessage = 1 << 20;

Result send(const Args& args) {
  View data = args.data(1);
  ssize_t sent = uninterrupted(
      [&] { return ::send(args.integer(0), data.data, data.size, MSG_DONTWAIT | MSG_NOSIGNAL); });
  if (sent < 0) return Result::fail("send", errno);
  return static_cast<size_t>(sent) == data.size ? Result::nothing() : Result::fail("send", EMSGSIZE);
}

// A peer that ended without reading all leaves one ECONNRESET in front of the messages it sent.
ssize_t take(int channel, const Buffer& message) {
  for (int tries = 0;; tries++) {
    ssize_t got = uninterrupted(
        [&] { return ::recv(channel, message.data(), message.size(), MSG_DONTWAIT | MSG_TRUNC); });
    if (got < 0 && errno == ECONNRESET && tries == 0) continue;
    return got;
  }
}

Result receive(const Args& args) {
  if (args.natural(1) > kMaxMessage) return Result::fail("recv", EINVAL);
  Buffer message(args.natural(1));
  if (!message) return Result::fail("recv", ENOMEM);
  ssize_t got = take(args.integer(0), message);
  if (got < 0 && errno == EAGAIN) return Result::null();
  if (got < 0) return Result::fail("recv", errno);
  if (static_cast<size_t>(got) > message.size()) return Result::fail("recv", EMSGSIZE);
  message.shrink(got);
  return Result::of(Result::Kind::Bytes, std::move(message));
}

const Call rows[] = {
    {"send", "ib", send},
    {"receive", "iu", receive},
};

}  // namespace

Table channel() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
