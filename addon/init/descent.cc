#include "descent.h"

using wire::Operation;

// Takes the next component of todo into name; false at the end. A component longer than NAME_MAX is left empty.
bool Descent::take() {
  while (todo_[at_] == '/') at_++;
  if (!todo_[at_]) return false;
  size_t size = 0;
  while (todo_[at_ + size] && todo_[at_ + size] != '/') size++;
  text::Writer writer(name_, sizeof name_);
  if (!writer.add(todo_ + at_, size).fits()) name_[0] = 0;
  at_ += size;
  return true;
}

bool Descent::last() const {
  size_t at = at_;
  while (todo_[at] == '/') at++;
  return !todo_[at];
}

Result Descent::prepend(const char* path) {
  text::Writer writer(scratch_, sizeof scratch_);
  if (!writer.add(path).add('/').add(todo_ + at_).fits()) return fault(Operation::Resolve, ENAMETOOLONG);
  __builtin_memcpy(todo_, scratch_, writer.used() + 1);
  at_ = 0;
  return kDone;
}

Result Descent::restart(Fd& current) {
  if (++restarts_ > kMostRestarts) return fault(Operation::Resolve, ELOOP);
  done_[0] = 0;
  current.reset(sys::fcntl(root_, sys::kFDupfdCloexec, 0));
  if (!current.open()) return outcome(Operation::Resolve, current.get());
  return outcome(Operation::Resolve, status(current.get(), stat_));
}

Result Descent::up(Fd& current) {
  size_t end = text::length(done_);
  while (end && done_[end] != '/') end--;
  done_[end] = 0;
  Result result = prepend(done_);
  return result.failed() ? result : restart(current);
}

Result Descent::make(int parent) {
  if (lookup_.make == Target::Any) return fault(Operation::Resolve, ENOENT);
  if (lookup_.make == Target::File && last()) {
    long fd = sys::openat(parent, name_, sys::kWronly | sys::kCreat | sys::kExcl | sys::kNofollow | sys::kCloexec, 0644);
    if (fd >= 0) sys::close(static_cast<int>(fd));
    return fd == -EEXIST ? kDone : outcome(Operation::Open, fd);
  }
  long result = sys::mkdirat(parent, name_, 0755);
  return result == -EEXIST ? kDone : outcome(Operation::Mkdirat, result);
}

// Opens name below parent and makes it when it is missing; somebody else may remove it again, but not for ever.
Result Descent::open(int parent, Fd& next) {
  for (unsigned race = 0; race < kMostRaces; race++) {
    next.reset(sys::openat(parent, name_, sys::kPath | sys::kNofollow | sys::kCloexec));
    if (next.get() != -ENOENT) return outcome(Operation::Resolve, next.get());
    Result result = make(parent);
    if (result.failed()) return result;
  }
  return fault(Operation::Resolve, EAGAIN);
}

// A link's text takes the place of the component. Links that procfs makes up (exe, cwd, fd/N: magic links) are refused as
// by RESOLVE_NO_MAGICLINKS; only those at the root of a procfs (self, mounts, net) are plain text.
Result Descent::follow(Fd& current, int link) {
  if (lookup_.noSymlinks || ++links_ > kMostLinks) return fault(Operation::Resolve, ELOOP);
  sys::Statfs filesystem{};
  Result result = outcome(Operation::Statfs, sys::fstatfs(link, &filesystem));
  if (result.failed()) return result;
  if (filesystem.type == sys::kProcMagic && stat_.ino != sys::kProcRootIno) return fault(Operation::Resolve, ELOOP);
  char target[kPathMax];
  long size = sys::readlinkat(link, "", target, sizeof target);
  if (size < 0) return outcome(Operation::Readlinkat, size);
  if (size == static_cast<long>(sizeof target)) return fault(Operation::Readlinkat, ENAMETOOLONG);
  target[size] = 0;
  result = prepend(target);
  return result.failed() || target[0] != '/' ? result : restart(current);
}

Result Descent::down(Fd& current) {
  Fd next;
  Result result = open(current.get(), next);
  if (result.failed()) return result;
  sys::Statx stat{};
  result = outcome(Operation::Fstat, status(next.get(), stat));
  if (result.failed()) return result;
  if (lookup_.noCrossing && stat.mntId != mount_) return fault(Operation::Resolve, EXDEV);
  if (typeOf(stat) == sys::kTypeSymlink && !(lookup_.noFollow && last())) return follow(current, next.get());
  size_t used = text::length(done_);
  text::Writer writer(done_ + used, sizeof done_ - used);
  if (!writer.add('/').add(name_).fits()) return fault(Operation::Resolve, ENAMETOOLONG);
  stat_ = stat;
  current.reset(next.release());
  return kDone;
}

Result Descent::run(int root, const char* path, const Lookup& lookup, Fd& out) {
  root_ = root;
  lookup_ = lookup;
  links_ = restarts_ = 0;
  at_ = 0;
  todo_[0] = name_[0] = 0;
  Result result = prepend(path);
  if (result.failed()) return result;
  result = restart(out);
  mount_ = stat_.mntId;
  while (!result.failed() && take()) {
    if (typeOf(stat_) != sys::kTypeDirectory) return fault(Operation::Resolve, ENOTDIR);
    if (!name_[0]) return fault(Operation::Resolve, ENAMETOOLONG);
    if (text::equal(name_, ".")) continue;
    result = text::equal(name_, "..") ? up(out) : down(out);
  }
  return result;
}
