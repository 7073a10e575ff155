// Namespaces and mounts, as far as the parent itself touches them.
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../init/sys.h"
#include "call.h"
#include "fd.h"
#include "locked-trees.h"
#include "user-namespaces.h"

namespace core {
namespace {

constexpr unsigned kOpenTreeClone = 1;
constexpr unsigned kSetString = 1;
constexpr uint64_t kAttrIdmap = 0x100000;

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

// (paths, flags)
Result openTrees(const Args& args) { return openLockedTrees(args.texts(0), args.integers(1)); }

// (type): a filesystem that is being configured; reading it gives the filesystem's own words.
Result fsopen(const Args& args) {
  return Result::numberOrFail("fsopen", ::syscall(SYS_fsopen, args.text(0), 1));
}

// (context, command, key, value); an empty key is none, and only strings have a value.
Result fsconfig(const Args& args) {
  unsigned command = args.natural(1);
  const char* key = *args.text(2) ? args.text(2) : nullptr;
  const char* value = command == kSetString ? args.text(3) : nullptr;
  return Result::nothingOrFail("fsconfig", ::syscall(SYS_fsconfig, args.integer(0), command, key, value, 0));
}

// (context, attributes): a detached mount.
Result fsmount(const Args& args) {
  return Result::numberOrFail("fsmount", ::syscall(SYS_fsmount, args.integer(0), 1, args.natural(1)));
}

// (tree, namespace, flags)
Result mapMount(const Args& args) {
  sys::MountAttr attr{kAttrIdmap, 0, 0, static_cast<uint64_t>(args.integer(1))};
  unsigned flags = args.natural(2) | AT_EMPTY_PATH;
  return Result::nothingOrFail("mount_setattr", ::syscall(sys::kNrMountSetattr, args.integer(0), "", flags, &attr, sizeof attr));
}

Result userNamespace(const Args& args) { return makeUserNamespace(args.values[0].text, args.values[1].text); }
Result userNamespaceMaps(const Args& args) { return readUserNamespace(args.integer(0)); }

const Call rows[] = {
    {"namespaceType", "i", namespaceType},
    {"namespaceOwner", "i", namespaceOwner},
    {"openTree", "tu", openTree},
    {"openTrees", "TI", openTrees},
    {"fsopen", "t", fsopen},
    {"fsconfig", "iutt", fsconfig},
    {"fsmount", "iu", fsmount},
    {"mapMount", "iiu", mapMount},
    {"userNamespace", "xx", userNamespace},
    {"userNamespaceMaps", "i", userNamespaceMaps},
};

}  // namespace

Table namespaces() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
