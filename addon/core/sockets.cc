// Unix sockets, as far as terminals travel on them.
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

constexpr size_t kMostDescriptors = 16;

// Does not wait for a listener whose queue is full; once connected, the socket blocks as any other.
Result connectSocket(const Args& args) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string& path = args.values[0].text;
  if (path.size() >= sizeof address.sun_path) return Result::fail("connect", ENAMETOOLONG);
  memcpy(address.sun_path, path.data(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return Result::fail("socket", errno);
  if (::connect(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) < 0)
    return Result::fail("connect", errno);
  int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags & ~O_NONBLOCK) < 0) return Result::fail("fcntl", errno);
  return Result::of(static_cast<double>(socket.release()));
}

Result socketPair(const Args&) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return Result::fail("socketpair", errno);
  return Result::of(std::vector<double>{static_cast<double>(ends[0]), static_cast<double>(ends[1])});
}

// Keeps the first descriptor of a message and closes the others: nobody asked for them.
Fd takeFirst(struct msghdr& message) {
  Fd first;
  for (struct cmsghdr* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t at = 0; at < count; at++) {
      int number;
      memcpy(&number, CMSG_DATA(control) + at * sizeof number, sizeof number);
      Fd received(number);
      if (!first) first = std::move(received);
    }
  }
  return first;
}

// Null when nothing has come yet; EPROTO when the message or the end of the stream brings no descriptor.
Result receiveDescriptor(const Args& args) {
  char data[256];
  alignas(struct cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))];
  struct iovec vector = {data, sizeof data};
  struct msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = uninterrupted([&] { return ::recvmsg(args.integer(0), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
  if (got < 0 && errno == EAGAIN) return Result::null();
  if (got < 0) return Result::fail("recvmsg", errno);
  Fd first = takeFirst(message);
  return first ? Result::of(static_cast<double>(first.release())) : Result::fail("recvmsg", EPROTO);
}

const Call rows[] = {
    {"connectSocket", "t", connectSocket},
    {"socketPair", "", socketPair},
    {"receiveDescriptor", "i", receiveDescriptor},
};

}  // namespace

Table sockets() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
