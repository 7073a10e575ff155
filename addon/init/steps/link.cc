#include "steps.h"

using wire::Operation;

namespace {

// struct ifreq, as far as the flags go (netdevice(7)).
struct InterfaceRequest {
  char name[16];
  short flags;
  char rest[22];
};
static_assert(sizeof(InterfaceRequest) == 40, "ifreq");
constexpr int kGetFlags = 0x8913, kSetFlags = 0x8914;
constexpr short kUp = 1;
constexpr int kUnix = 1, kInet = 2, kDatagram = 2;

}  // namespace

Result step::setLinkUp(Walker& walker, const wire::SetLinkUp& step) {
  InterfaceRequest request{};
  if (!text::Writer(request.name, sizeof request.name).add(walker.text(step.name)).fits()) return fault(Operation::Ioctl, ENAMETOOLONG);
  // Any kind of socket reaches the devices of the network namespace; a kernel may lack one of them.
  Fd socket(sys::socket(kInet, kDatagram | sys::kCloexec, 0));
  if (!socket.open()) socket.reset(sys::socket(kUnix, kDatagram | sys::kCloexec, 0));
  if (!socket.open()) return outcome(Operation::Socket, socket.get());
  Result result = outcome(Operation::Ioctl, sys::ioctl(socket.get(), kGetFlags, &request));
  if (result.failed() || request.flags & kUp) return result;
  request.flags |= kUp;
  return outcome(Operation::Ioctl, sys::ioctl(socket.get(), kSetFlags, &request));
}
