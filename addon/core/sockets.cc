// Unix sockets, as far as descriptors and notices travel on them.
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

constexpr size_t kMostDescriptors = 16;

// A path that starts with @ is one without a file.
bool addressOf(const std::string& path, struct sockaddr_un& address, socklen_t& size) {
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), path.size());
  size = sizeof address;
  if (path[0] != '@') return true;
  address.sun_path[0] = '\0';
  size = offsetof(struct sockaddr_un, sun_path) + path.size();
  return true;
}

// (path to be bound to or "", path to be connected to or "") -> socket
Result datagramSocket(const Args& args) {
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return Result::fail("socket", errno);
  for (size_t at = 0; at < 2; at++) {
    const std::string& path = args.values[at].text;
    if (path.empty()) continue;
    struct sockaddr_un address = {};
    socklen_t size;
    const char* call = at == 0 ? "bind" : "connect";
    bool fits = addressOf(path, address, size);
    int outcome = !fits ? -1
                  : at == 0
                      ? ::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), size)
                      : ::connect(socket.get(), reinterpret_cast<struct sockaddr*>(&address), size);
    if (outcome == 0) continue;
    Result failure = Result::fail(call, fits ? errno : ENAMETOOLONG);
    failure.subject = path;
    return failure;
  }
  return Result::of(static_cast<double>(socket.release()));
}

// (socket, descriptor, data)
Result sendDescriptor(const Args& args) {
  View data = args.data(2);
  struct iovec vector = {const_cast<uint8_t*>(data.data), data.size};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  struct msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  int fd = args.integer(1);
  memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  ssize_t sent = uninterrupted([&] { return ::sendmsg(args.integer(0), &message, MSG_NOSIGNAL); });
  if (sent < 0) return Result::fail("sendmsg", errno);
  return static_cast<size_t>(sent) == data.size ? Result::nothing() : Result::fail("sendmsg", EMSGSIZE);
}

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
    {"sendDescriptor", "iib", sendDescriptor},
    {"datagramSocket", "tt", datagramSocket},
};

}  // namespace

Table sockets() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
