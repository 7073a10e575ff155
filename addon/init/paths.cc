#include "paths.h"

#include "descent.h"

using wire::Operation;

namespace {

Descent descent;
constexpr unsigned kMostRetries = 128;

// EAGAIN says that something moved meanwhile (openat2(2)); EPERM and ENOSYS that there is no openat2 here.
long openBelow(Walker& walker, int dir, const char* path, uint64_t flags, uint64_t resolve) {
  if (walker.noOpenat2) return -ENOSYS;
  sys::OpenHow how{flags | sys::kCloexec, 0, resolve};
  long fd;
  unsigned tries = 0;
  do fd = sys::openat2(dir, path, &how);
  while ((fd == -EAGAIN || fd == -EINTR) && ++tries < kMostRetries);
  if (fd == -EPERM) fd = -ENOSYS;
  walker.noOpenat2 = fd == -ENOSYS;
  return fd;
}

Result descend(Walker& walker, int dir, const char* path, const Lookup& lookup, Fd& out) {
  Result result = descent.run(dir, path, lookup, out);
  if (result.failed()) {
    walker.note(descent.component());
    out.reset(-1);
  }
  return result;
}

// Opens again what an O_PATH descriptor stands for, through the verified procfs.
long reopen(Walker& walker, int fd, int flags) {
  return walker.proc < 0 ? -ENOSYS : sys::openat(walker.proc, ProcPath(fd).get(), flags | sys::kCloexec);
}

bool hasDots(const char* path) {
  while (*path) {
    while (*path == '/') path++;
    if (path[0] == '.' && path[1] == '.' && (path[2] == '/' || !path[2])) return true;
    while (*path && *path != '/') path++;
  }
  return false;
}

}  // namespace

long status(int fd, sys::Statx& out) {
  return sys::statx(fd, "", sys::kAtEmptyPath | sys::kAtNoAutomount, sys::kStatxBasic | sys::kStatxMntId, &out);
}

Result rootOf(Walker& walker) {
  if (walker.root >= 0) return kDone;
  walker.root = static_cast<int>(sys::openat(sys::kAtFdcwd, "/", sys::kPath | sys::kDirectory | sys::kCloexec));
  return outcome(Operation::Open, walker.root);
}

Result openInRoot(Walker& walker, const char* path, const Lookup& lookup, Fd& out) {
  uint64_t resolve = sys::kResolveInRoot | sys::kResolveNoMagiclinks;
  if (lookup.noSymlinks) resolve |= sys::kResolveNoSymlinks;
  if (lookup.noCrossing) resolve |= sys::kResolveNoXdev;
  uint64_t flags = sys::kPath | (lookup.noFollow ? sys::kNofollow : 0);
  out.reset(openBelow(walker, walker.root, *path ? path : ".", flags, resolve));
  if (out.open()) return kDone;
  bool missing = out.get() == -ENOENT && lookup.make != Target::Any;
  if (missing || walker.noOpenat2) return descend(walker, walker.root, path, lookup, out);
  Result result = outcome(Operation::Resolve, out.get());
  // Which component it was, openat2 doesn't say.
  Lookup only = lookup;
  only.make = Target::Any;
  Fd ignored;
  if (result.error != ENOENT && !descend(walker, walker.root, path, only, ignored).failed()) walker.detail[0] = 0;
  return result;
}

Result openParent(Walker& walker, const char* path, Fd& parent, const char*& name) {
  static char directory[4096];
  size_t end = text::length(path);
  while (end && path[end - 1] != '/') end--;
  name = path + end;
  if (!*name || text::equal(name, ".") || text::equal(name, "..")) return fault(Operation::Resolve, EINVAL);
  text::Writer writer(directory, sizeof directory);
  if (!writer.add(path, end).fits()) return fault(Operation::Resolve, ENAMETOOLONG);
  Lookup lookup;
  lookup.make = Target::Directory;
  return openInRoot(walker, directory, lookup, parent);
}

Result openMember(Walker& walker, int directory, const char* name, int flags, Fd& out) {
  uint64_t resolve = sys::kResolveBeneath | sys::kResolveNoXdev | sys::kResolveNoSymlinks | sys::kResolveNoMagiclinks;
  out.reset(openBelow(walker, directory, name, static_cast<uint64_t>(flags), resolve));
  if (!walker.noOpenat2) return outcome(Operation::Open, out.get());
  sys::Statx above{}, found{};
  Result result = outcome(Operation::Fstat, status(directory, above));
  if (result.failed()) return result;
  out.reset(sys::openat(directory, name, sys::kPath | sys::kNofollow | sys::kCloexec));
  if (!out.open()) return outcome(Operation::Open, out.get());
  result = outcome(Operation::Fstat, status(out.get(), found));
  if (result.failed()) return result;
  if (found.mntId != above.mntId) return fault(Operation::Open, EXDEV);
  out.reset(sys::openat(directory, name, flags | sys::kNofollow | sys::kCloexec));
  return outcome(Operation::Open, out.get());
}

Result openFile(Walker& walker, const char* path, Fd& out) {
  Fd found;
  Result result = openInRoot(walker, path, Lookup(), found);
  if (result.failed()) return result;
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(found.get(), stat));
  if (result.failed()) return result;
  // Only a regular file: opening a device or a fifo of the container may act, or block.
  if (typeOf(stat) != sys::kTypeRegular) return fault(Operation::Verify, EINVAL);
  long fd = reopen(walker, found.get(), sys::kRdonly);
  if (fd < 0 && !walker.noOpenat2)
    fd = openBelow(walker, walker.root, path, sys::kRdonly | sys::kNonblock | sys::kNoctty, sys::kResolveInRoot | sys::kResolveNoMagiclinks);
  out.reset(fd);
  if (!out.open()) return outcome(Operation::Open, fd);
  result = outcome(Operation::Fstat, status(out.get(), stat));
  return result.failed() || typeOf(stat) == sys::kTypeRegular ? result : fault(Operation::Verify, EINVAL);
}

Result takeProc(Walker& walker) {
  if (walker.proc >= 0) return kDone;
  Fd proc(sys::openat(sys::kAtFdcwd, "/proc", sys::kPath | sys::kDirectory | sys::kNofollow | sys::kCloexec));
  if (!proc.open()) return outcome(Operation::Open, proc.get());
  sys::Statfs filesystem{};
  Result result = outcome(Operation::Statfs, sys::fstatfs(proc.get(), &filesystem));
  if (result.failed()) return result;
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(proc.get(), stat));
  if (result.failed()) return result;
  if (filesystem.type != sys::kProcMagic || stat.ino != sys::kProcRootIno) return fault(Operation::Verify, ENOTDIR);
  walker.proc = proc.release();
  return kDone;
}

Result openProc(Walker& walker, const char* path, Fd& out) {
  if (walker.proc < 0) return fault(Operation::Verify, ENOENT);
  if (hasDots(path)) return fault(Operation::Resolve, EINVAL);
  uint64_t resolve = sys::kResolveBeneath | sys::kResolveNoXdev | sys::kResolveNoSymlinks | sys::kResolveNoMagiclinks;
  out.reset(openBelow(walker, walker.proc, path, sys::kWronly | sys::kNoctty, resolve));
  if (out.open() || !walker.noOpenat2) return outcome(Operation::Open, out.get());
  Fd found;
  Lookup lookup;
  lookup.noSymlinks = lookup.noCrossing = true;
  Result result = descend(walker, walker.proc, path, lookup, found);
  if (result.failed()) return result;
  out.reset(reopen(walker, found.get(), sys::kWronly | sys::kNoctty));
  return outcome(Operation::Open, out.get());
}
