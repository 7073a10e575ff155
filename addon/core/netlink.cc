// rtnetlink(7): a socket in any network namespace, and one request with its answer. What is asked is the caller's affair.
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "../init/sys.h"
#include "call.h"
#include "fd.h"
#include "start.h"

namespace core {
namespace {

constexpr size_t kDatagram = 64 << 10;    // the kernel's answers come in pieces of 32 KiB at most
constexpr size_t kMostBytes = 64 << 20;
constexpr int kPatienceSeconds = 30;      // answers are there when send returns; never hang on one that isn't

// A child that shares our descriptors enters the namespace and opens the socket, so that this process never leaves its own.
struct Opener : Child {
  int space = -1;
  long socket = -1;
};

long openRoute() { return sys::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); }

int openThere(Child& child) {
  auto& opener = static_cast<Opener&>(child);
  long result = sys::setns(opener.space, static_cast<int>(sys::kCloneNewnet));
  if (result < 0) return opener.fail("setns", result);
  opener.socket = openRoute();
  return opener.socket < 0 ? opener.fail("socket", opener.socket) : 0;
}

Result openElsewhere(int space, Fd& out) {
  Opener opener;
  opener.run = openThere;
  opener.space = space;
  Started started = start(opener, sys::kCloneFiles, -1);
  if (started.failed) return Result::fail(started.failed, started.error);
  siginfo_t ended;
  uninterrupted([&] { return ::waitid(static_cast<idtype_t>(P_PIDFD), started.pidfd.get(), &ended, WEXITED | __WALL); });
  out = Fd(static_cast<int>(opener.socket));
  return Result::nothing();
}

// (descriptor of a network namespace, or -1 for our own)
Result netlinkOpen(const Args& args) {
  Fd opened;
  int space = args.integer(0);
  if (space < 0) opened = Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  Result result = space < 0 ? Result::nothingOrFail("socket", opened.get()) : openElsewhere(space, opened);
  if (result.kind == Result::Kind::Error) return result;
  struct timeval patience = {kPatienceSeconds, 0};
  int on = 1;
  if (::setsockopt(opened.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) return Result::fail("setsockopt", errno);
  // Words of the kernel about an error, where it has them (4.12), without the request repeated.
  ::setsockopt(opened.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(opened.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return Result::of(static_cast<double>(opened.release()));
}

// The text among the attributes that follow an error (NLMSGERR_ATTR_MSG), or nothing.
std::string wordsOf(const nlmsghdr* message) {
  const auto* at = reinterpret_cast<const char*>(message) + NLMSG_LENGTH(sizeof(nlmsgerr));
  const auto* end = reinterpret_cast<const char*>(message) + message->nlmsg_len;
  if (!(message->nlmsg_flags & NLM_F_ACK_TLVS)) return {};
  while (end - at >= static_cast<ptrdiff_t>(sizeof(nlattr))) {
    nlattr head;
    memcpy(&head, at, sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > end - at) break;
    const char* text = at + NLA_HDRLEN;
    if (head.nla_type == NLMSGERR_ATTR_MSG) return std::string(text, strnlen(text, head.nla_len - NLA_HDRLEN));
    at += NLA_ALIGN(head.nla_len);
  }
  return {};
}

struct Answer {
  Buffer bytes{size_t{0}};
  size_t used = 0;
  bool complete = false;

  bool add(const void* data, size_t size) {
    if (used + size > kMostBytes || !bytes.grow(used + size)) return false;
    memcpy(bytes.data() + used, data, size);
    used += size;
    return true;
  }
};

// One message; an error when it is one.
Result take(const nlmsghdr* message, Answer& answer) {
  if (message->nlmsg_flags & NLM_F_DUMP_INTR) return Result::fail("rtnetlink", EINTR);
  if (message->nlmsg_type == NLMSG_ERROR) {
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) return Result::fail("rtnetlink", EBADMSG);
    answer.complete = true;
    int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error;
    if (error == 0) return Result::nothing();
    Result result = Result::fail("rtnetlink", error);
    result.subject = wordsOf(message);
    return result;
  }
  if (message->nlmsg_type == NLMSG_DONE) return answer.complete = true, Result::nothing();
  if (message->nlmsg_type == NLMSG_NOOP) return Result::nothing();
  return answer.add(message, NLMSG_ALIGN(message->nlmsg_len)) ? Result::nothing() : Result::fail("rtnetlink", ENOMEM);
}

Result takeAll(const Buffer& datagram, size_t size, uint32_t sequence, Answer& answer) {
  const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
  int left = static_cast<int>(size);
  for (; NLMSG_OK(message, static_cast<unsigned>(left)) && left > 0; message = NLMSG_NEXT(message, left)) {
    if (message->nlmsg_seq != sequence) continue;
    Result result = take(message, answer);
    if (result.kind == Result::Kind::Error) return result;
  }
  return Result::nothing();
}

// (socket, message with NLM_F_ACK or NLM_F_DUMP). Gives the answering messages, without the acknowledgement.
Result netlinkCall(const Args& args) {
  View request = args.data(1);
  nlmsghdr head;
  if (request.size < sizeof head) return Result::fail("rtnetlink", EINVAL);
  memcpy(&head, request.data, sizeof head);
  ssize_t sent = uninterrupted([&] { return ::send(args.integer(0), request.data, request.size, MSG_NOSIGNAL); });
  if (sent < 0) return Result::fail("send", errno);
  Buffer datagram(kDatagram);
  if (!datagram) return Result::fail("rtnetlink", ENOMEM);
  Answer answer;
  while (!answer.complete) {
    ssize_t got = uninterrupted([&] { return ::recv(args.integer(0), datagram.data(), datagram.size(), MSG_TRUNC); });
    if (got < 0) return Result::fail("recv", errno == EAGAIN ? ETIMEDOUT : errno);
    if (static_cast<size_t>(got) > datagram.size()) return Result::fail("recv", EMSGSIZE);
    Result result = takeAll(datagram, static_cast<size_t>(got), head.nlmsg_seq, answer);
    if (result.kind == Result::Kind::Error) return result;
  }
  answer.bytes.shrink(answer.used);
  return Result::of(Result::Kind::Bytes, std::move(answer.bytes));
}

const Call rows[] = {
    {"netlinkOpen", "i", netlinkOpen},
    {"netlinkCall", "ib", netlinkCall},
};

}  // namespace

Table network() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
