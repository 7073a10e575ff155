// Namespaces and mounts, as far as the parent itself touches them.
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

constexpr unsigned kOpenTreeClone = 1;

Result namespaceType(const Args& args) {
  return Result::numberOrFail("ioctl NS_GET_NSTYPE", ::ioctl(args.integer(0), NS_GET_NSTYPE));
}

Result namespaceOwner(const Args& args) {
  return Result::numberOrFail("ioctl NS_GET_USERNS", ::ioctl(args.integer(0), NS_GET_USERNS));
}

Result openTree(const Args& args) {
  unsigned flags = args.natural(1) | kOpenTreeClone | O_CLOEXEC;
  return Result::numberOrFail("open_tree", ::syscall(SYS_open_tree, AT_FDCWD, args.text(0), flags));
}

const Call rows[] = {
    {"namespaceType", "i", namespaceType},
    {"namespaceOwner", "i", namespaceOwner},
    {"openTree", "tu", openTree},
};

}  // namespace

Table namespaces() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
