#include "program.h"

#include <fcntl.h>

#include "../init/sys.h"
#include "image.h"
#include "memory.h"

namespace core {
namespace {

constexpr unsigned kCloexecFlag = 1;
enum Command : unsigned { kSetFlag = 0, kCreate = 6, kReconfigure = 7 };

long failed(long result) {
  errno = static_cast<int>(-result);
  return -1;
}

// vm.memfd_noexec=2 forbids programs in memfds. A file on a tmpfs that is mounted nowhere is as good once the whole
// filesystem is read-only, but takes CAP_SYS_ADMIN.
Fd makeUnreachable(View image) {
  Fd context(static_cast<int>(sys::fsopen("tmpfs", kCloexecFlag)));
  if (context.get() < 0) return Fd(static_cast<int>(failed(context.get())));
  long result = sys::fsconfig(context.get(), kCreate, nullptr, nullptr, 0);
  if (result < 0) return Fd(static_cast<int>(failed(result)));
  Fd mount(static_cast<int>(sys::fsmount(context.get(), kCloexecFlag, 0)));
  if (mount.get() < 0) return Fd(static_cast<int>(failed(mount.get())));
  {
    Fd file(::openat(mount.get(), "init", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0500));
    if (!file) return file;
    if (int error = fill(file.get(), image)) return Fd(static_cast<int>(failed(-error)));
  }
  result = sys::fsconfig(context.get(), kSetFlag, "ro", nullptr, 0);
  if (result == 0) result = sys::fsconfig(context.get(), kReconfigure, nullptr, nullptr, 0);
  if (result < 0) return Fd(static_cast<int>(failed(result)));
  return Fd(::openat(mount.get(), "init", O_RDONLY | O_CLOEXEC));
}

Fd make() {
  View image = {tsrunInitImage, static_cast<size_t>(tsrunInitImageEnd - tsrunInitImage)};
  Fd program = makeSealed("tsrun-init", Use::Program, image);
  if (program || errno != EACCES) return program;
  program = makeUnreachable(image);
  if (!program) errno = EACCES;
  return program;
}

}  // namespace

int initProgram() {
  static int made = -1;
  if (made < 0) made = make().release();
  return made;
}

}  // namespace core
