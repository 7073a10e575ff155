#include "copy.h"

#include "contents.h"
#include "paths.h"

using wire::Operation;

namespace {

constexpr uint32_t kModeBits = 07777, kPrivileges = 06000;

// struct linux_dirent64.
struct Entry {
  uint64_t ino;
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[];
};


// What a mount lets pass, and whether it is worth copying.
struct Terms {
  bool devices, privileges;
  bool files;  // real ones, not made up by the kernel
};

class Copy {
 public:
  Result run(Walker& walker, int from, int to, bool owner);

 private:
  static constexpr unsigned kDeepest = 128;
  struct Level {
    int from, to;
    int64_t next;  // where to go on reading
    Terms terms;
  };

  Result walkAll();
  Result fill();
  Level& top() { return levels_[depth_ - 1]; }
  Result enter(int from, int to, const Terms& terms);
  Result leave();
  void close();
  Result take(const char* name);
  Result openEntry(const char* name, Fd& out, Terms& terms);
  Result takeMountPoint(const char* name, const sys::Statx& stat);
  Result takeDirectory(int entry, const char* name, const Terms& terms);
  Result takeFile(int entry, const char* name, const sys::Statx& stat, const Terms& terms);
  Result takeLink(int entry, const char* name, const sys::Statx& stat);
  Result takeNode(const char* name, const sys::Statx& stat, const Terms& terms);
  void attributes(int from, int to, const Terms& terms);
  Result finish(int from, int to, const sys::Statx& stat, const Terms& terms);

  // All zero, so that a static one needs no initialisation at run time: nothing would do it here.
  Walker* walker_ = nullptr;
  Level levels_[kDeepest] = {};
  unsigned depth_ = 0;
  bool owner_ = false;
  long size_ = 0, at_ = 0;  // of the entries read, and of the next one
  alignas(8) char entries_[4096] = {};
  char names_[2048] = {};
  char data_[4096] = {};
};

Copy copy;

// An id that this user namespace has none for: the owner stays who makes the copy.
Result give(int directory, const char* name, const sys::Statx& stat) {
  int flags = sys::kAtSymlinkNofollow | (*name ? 0 : sys::kAtEmptyPath);
  long result = sys::fchownat(directory, name, stat.uid, stat.gid, flags);
  return result == -EINVAL ? kDone : outcome(Operation::Fchownat, result);
}

// Best effort: nothing depends on it.
void date(int directory, const char* name, const sys::Statx& stat) {
  constexpr int access = 0, change = 6;  // of the statx timestamps, each a second and a nanosecond
  auto nanoseconds = [&](int at) { return static_cast<int64_t>(stat.times[at + 1] & 0xffffffffu); };
  const sys::Timespec times[2] = {{static_cast<int64_t>(stat.times[access]), nanoseconds(access)},
                                  {static_cast<int64_t>(stat.times[change]), nanoseconds(change)}};
  sys::utimensat(directory, name, times, name ? sys::kAtSymlinkNofollow : 0);
}

// Opens what an O_PATH descriptor stands for, which is `name` below directory; by that name only where there is no procfs.
Result openFound(const Walker& walker, int entry, int directory, const char* name, int flags, Fd& out) {
  flags |= sys::kRdonly | sys::kNonblock | sys::kNoctty | sys::kCloexec;
  bool again = walker.proc >= 0;
  out.reset(again ? sys::openat(walker.proc, ProcPath(entry).get(), flags) : sys::openat(directory, name, flags | sys::kNofollow));
  if (!out.open()) return outcome(Operation::Open, out.get());
  sys::Statx before{}, after{};
  Result result = outcome(Operation::Fstat, status(entry, before));
  if (!result.failed()) result = outcome(Operation::Fstat, status(out.get(), after));
  if (result.failed()) return result;
  bool same = before.ino == after.ino && before.devMajor == after.devMajor && before.devMinor == after.devMinor;
  return same && before.mode == after.mode ? kDone : fault(Operation::Verify, ESTALE);
}

// Filesystems of the kernel's own making have no blocks; nor have those in memory without a limit.
Result termsOf(int fd, Terms& out) {
  sys::Statfs filesystem{};
  Result result = outcome(Operation::Statfs, sys::fstatfs(fd, &filesystem));
  auto flags = static_cast<unsigned long>(filesystem.flags);
  bool memory = filesystem.type == sys::kTmpfsMagic || filesystem.type == sys::kRamfsMagic;
  out = {!(flags & sys::kMsNodev), !(flags & sys::kMsNosuid), memory || filesystem.blocks != 0};
  return result;
}

// Somebody else may change the source meanwhile: what is gone is not copied, what is seen twice is copied once.
bool unsettled(Result result, int error) { return result.error == error && result.operation == Operation::Open; }

Result Copy::enter(int from, int to, const Terms& terms) {
  if (depth_ == kDeepest) {
    sys::close(from);
    sys::close(to);
    return fault(Operation::Open, ENAMETOOLONG);
  }
  levels_[depth_++] = {from, to, 0, terms};
  size_ = at_ = 0;
  return kDone;
}

void Copy::close() {
  sys::close(top().from);
  sys::close(top().to);
  depth_--;
}

Result Copy::finish(int from, int to, const sys::Statx& stat, const Terms& terms) {
  Result result = give(to, "", stat);
  if (result.failed()) return result;
  attributes(from, to, terms);
  // Last: a change of owner takes these bits away.
  result = outcome(Operation::Fchmod, sys::fchmod(to, stat.mode & kModeBits & ~(terms.privileges ? 0 : kPrivileges)));
  date(to, nullptr, stat);
  return result;
}

Result Copy::leave() {
  const Level& level = top();
  sys::Statx stat{};
  Result result = outcome(Operation::Fstat, status(level.from, stat));
  if (!result.failed() && depth_ > 1) result = finish(level.from, level.to, stat, level.terms);
  if (!result.failed() && depth_ == 1 && owner_) result = give(level.to, "", stat);
  close();
  if (result.failed() || depth_ == 0) return result;
  size_ = at_ = 0;
  return outcome(Operation::Read, sys::lseek(top().from, top().next, sys::kSeekSet));
}

Result Copy::fill() {
  at_ = 0;
  size_ = sys::getdents64(top().from, entries_, sizeof entries_);
  return outcome(Operation::Read, size_);
}

// Best effort: what the new filesystem has no room or no right for is left.
void Copy::attributes(int from, int to, const Terms& terms) {
  long size = sys::flistxattr(from, names_, sizeof names_);
  for (long at = 0; at < size; at += static_cast<long>(text::length(names_ + at)) + 1) {
    const char* name = names_ + at;
    if (!terms.privileges && text::equal(name, "security.capability")) continue;
    long length = sys::fgetxattr(from, name, data_, sizeof data_);
    if (length >= 0) sys::fsetxattr(to, name, data_, static_cast<size_t>(length));
  }
}

Result Copy::takeFile(int entry, const char* name, const sys::Statx& stat, const Terms& terms) {
  Fd from, to;
  Result result = openFound(*walker_, entry, top().from, name, 0, from);
  if (result.failed()) return result;
  to.reset(sys::openat(top().to, name, sys::kWronly | sys::kCreat | sys::kExcl | sys::kNofollow | sys::kCloexec, 0600));
  if (!to.open()) return outcome(Operation::Open, to.get());
  result = copyContents(from.get(), to.get(), static_cast<int64_t>(stat.size));
  return result.failed() ? result : finish(from.get(), to.get(), stat, terms);
}

Result Copy::takeLink(int entry, const char* name, const sys::Statx& stat) {
  long size = sys::readlinkat(entry, "", data_, sizeof data_);
  if (size < 0) return outcome(Operation::Readlinkat, size);
  if (size == static_cast<long>(sizeof data_)) return fault(Operation::Readlinkat, ENAMETOOLONG);
  data_[size] = 0;
  Result result = outcome(Operation::Open, sys::symlinkat(data_, top().to, name));
  if (!result.failed()) result = give(top().to, name, stat);
  if (!result.failed()) date(top().to, name, stat);
  return result;
}

Result Copy::takeNode(const char* name, const sys::Statx& stat, const Terms& terms) {
  bool device = typeOf(stat) == sys::kTypeChar || typeOf(stat) == sys::kTypeBlock;
  uint32_t number = device ? sys::deviceNumber(stat.rdevMajor, stat.rdevMinor) : 0;
  long made = device && !terms.devices ? -EPERM : sys::mknodat(top().to, name, stat.mode, number);
  if (made == -EPERM && device) {
    text::Writer(walker_->detail, sizeof walker_->detail).add("device ").add(name, 128).add(" is left out of the copy");
    report(*walker_, wire::Report::Notice, fault(Operation::Mknodat, EPERM));
    walker_->detail[0] = 0;
    return kDone;
  }
  Result result = outcome(Operation::Open, made);
  if (!result.failed()) result = give(top().to, name, stat);
  if (!result.failed()) date(top().to, name, stat);
  return result;
}

Result Copy::takeDirectory(int entry, const char* name, const Terms& terms) {
  Fd from, to;
  Result result = openFound(*walker_, entry, top().from, name, sys::kDirectory, from);
  if (result.failed()) return result;
  result = outcome(Operation::Open, sys::mkdirat(top().to, name, 0700));
  if (result.failed()) return result;
  to.reset(sys::openat(top().to, name, sys::kRdonly | sys::kDirectory | sys::kNofollow | sys::kCloexec));
  return to.open() ? enter(from.release(), to.release(), terms) : outcome(Operation::Open, to.get());
}

Result Copy::takeMountPoint(const char* name, const sys::Statx& stat) {
  bool directory = typeOf(stat) == sys::kTypeDirectory;
  return outcome(Operation::Open, directory ? sys::mkdirat(top().to, name, 0755) : sys::mknodat(top().to, name, sys::kTypeRegular | 0644, 0));
}

// A name that is in another mount than its directory has that one's terms.
Result Copy::openEntry(const char* name, Fd& out, Terms& terms) {
  terms = top().terms;
  Result result = openMember(*walker_, top().from, name, sys::kPath | sys::kNofollow | sys::kCloexec, out);
  if (result.error != EXDEV) return result;
  out.reset(sys::openat(top().from, name, sys::kPath | sys::kNofollow | sys::kCloexec));
  return out.open() ? termsOf(out.get(), terms) : outcome(Operation::Open, out.get());
}

Result Copy::take(const char* name) {
  if (text::equal(name, ".") || text::equal(name, "..")) return kDone;
  Fd entry;
  Terms terms{};
  Result result = openEntry(name, entry, terms);
  if (result.failed()) return result;
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(entry.get(), stat));
  if (result.failed()) return result;
  if (!terms.files) return takeMountPoint(name, stat);
  switch (typeOf(stat)) {
    case sys::kTypeDirectory:
      return takeDirectory(entry.get(), name, terms);
    case sys::kTypeRegular:
      return takeFile(entry.get(), name, stat, terms);
    case sys::kTypeSymlink:
      return takeLink(entry.get(), name, stat);
    default:
      return takeNode(name, stat, terms);
  }
}

Result Copy::walkAll() {
  while (depth_) {
    if (at_ >= size_) {
      Result result = fill();
      if (!result.failed() && size_ == 0) result = leave();
      if (result.failed()) return result;
      continue;
    }
    auto& entry = *reinterpret_cast<const Entry*>(entries_ + at_);
    at_ += entry.length;
    top().next = entry.next;
    Result result = take(entry.name);
    if (unsettled(result, ENOENT) || unsettled(result, EEXIST)) continue;
    if (!result.failed()) continue;
    walker_->note(entry.name);
    return result;
  }
  return kDone;
}

Result Copy::run(Walker& walker, int from, int to, bool owner) {
  walker_ = &walker;
  owner_ = owner;
  depth_ = 0;
  Terms terms{};
  Result result = termsOf(from, terms);
  if (result.failed()) return result;
  constexpr int flags = sys::kRdonly | sys::kDirectory | sys::kCloexec;
  Fd source(sys::openat(from, ".", flags)), target(sys::openat(to, ".", flags));
  if (!source.open()) return outcome(Operation::Open, source.get());
  if (!target.open()) return outcome(Operation::Open, target.get());
  result = enter(source.release(), target.release(), terms);
  if (!result.failed()) result = walkAll();
  while (depth_) close();
  return result;
}

}  // namespace

Result copyTree(Walker& walker, int from, int to, bool owner) { return copy.run(walker, from, to, owner); }
