#include "../capabilities.h"
#include "../paths.h"
#include "steps.h"

using wire::Operation;

namespace {

// Reads /etc/passwd in pieces, field by field, and keeps nothing but the fields it looks for.
class PasswdReader {
 public:
  PasswdReader(uint64_t uid, char* home, size_t size) : uid_(uid), home_(home), size_(size) {}

  // True when the line of the uid has ended and home holds its sixth field.
  bool take(char c) {
    if (c == '\n') {
      bool found = matches_ && field_ >= 5 && used_ > 0 && !cut_;
      if (found) return true;
      *this = PasswdReader(uid_, home_, size_);
      return false;
    }
    if (c == ':') {
      if (field_ == 2) matches_ = digits_ && number_ == uid_;
      field_++;
      return false;
    }
    if (field_ == 2) number(c);
    if (field_ == 5 && matches_) keep(c);
    return false;
  }

 private:
  void number(char c) {
    bool digit = c >= '0' && c <= '9';
    digits_ = digit && (digits_ || number_ == 0);
    number_ = digit && number_ < 0xffffffff ? number_ * 10 + static_cast<uint64_t>(c - '0') : ~0ULL;
  }
  void keep(char c) {
    if (used_ + 1 >= size_) {
      cut_ = true;
      return;
    }
    home_[used_++] = c;
    home_[used_] = 0;
  }

  uint64_t uid_;
  char* home_;
  size_t size_, used_ = 0;
  unsigned field_ = 0;
  uint64_t number_ = 0;
  bool digits_ = false, matches_ = false, cut_ = false;
};

bool readHome(int file, PasswdReader reader) {
  char buffer[512];
  for (;;) {
    long size = sys::read(file, buffer, sizeof buffer);
    if (size == -EINTR) continue;
    if (size <= 0) return reader.take('\n');
    for (long i = 0; i < size; i++)
      if (reader.take(buffer[i])) return true;
  }
}

// While it lives, the effective set is the one that the program will have: whether it may be executed depends on it.
class ProgramCapabilities {
 public:
  explicit ProgramCapabilities(const Walker& walker) {
    uint32_t step = walker.plan.find(wire::Op::SetCapabilities, walker.step);
    if (step == walker.plan.steps() || getCapabilities(before_) < 0) return;
    Capabilities then = before_;
    then.effective &= walker.plan.fields<wire::SetCapabilities>(step).effective;
    changed_ = then.effective != before_.effective && setCapabilities(then) == 0;
  }
  ~ProgramCapabilities() {
    if (changed_) setCapabilities(before_);
  }

 private:
  Capabilities before_{};
  bool changed_ = false;
};

// 0 when path is a file that these ids and capabilities may execute, else -errno.
long executable(const char* path) {
  sys::Statx stat{};
  long result = sys::statx(sys::kAtFdcwd, path, 0, sys::kStatxBasic, &stat);
  if (result < 0) return result;
  if (typeOf(stat) != sys::kTypeRegular) return -EACCES;
  result = sys::faccessat2(sys::kAtFdcwd, path, sys::kXOk, sys::kAtEaccess);
  // Without faccessat2 the real ids are asked, which are the effective ones here.
  return result == -ENOSYS || result == -EPERM ? sys::faccessat(sys::kAtFdcwd, path, sys::kXOk) : result;
}

bool join(Walker& walker, const char* directory, const char* name) {
  text::Writer writer(walker.program, sizeof walker.program);
  writer.add(directory);
  if (*directory && directory[text::length(directory) - 1] != '/') writer.add('/');
  return writer.add(name).fits();
}

Result search(Walker& walker, const wire::FindProgram& step, const char* name) {
  long worst = -ENOENT;
  for (uint32_t i = 0; i < step.searchCount; i++) {
    if (!join(walker, walker.plan.text(step.search, i), name)) continue;
    long result = executable(walker.program);
    if (result == 0) return kDone;
    if (result == -ENOENT || result == -ENOTDIR || worst != -ENOENT) continue;
    worst = result;
    walker.note(walker.program);
  }
  return outcome(worst == -ENOENT ? Operation::Lookup : Operation::Access, worst);
}

}  // namespace

Result step::findHome(Walker& walker, const wire::FindHome& step) {
  walker.foundHome = true;
  text::Writer(walker.home, sizeof walker.home).add('/');
  Fd passwd;
  if (rootOf(walker).failed() || openFile(walker, "/etc/passwd", passwd).failed()) return kDone;
  if (!readHome(passwd.get(), PasswdReader(step.uid, walker.home, sizeof walker.home))) text::Writer(walker.home, sizeof walker.home).add('/');
  return kDone;
}

Result step::setCwd(Walker& walker, const wire::SetCwd& step) {
  const char* path = walker.text(step.path);
  Result result = rootOf(walker);
  if (result.failed()) return result;
  Lookup lookup;
  if (step.create) lookup.make = Target::Directory;
  Fd directory;
  result = openInRoot(walker, path, lookup, directory);
  if (result.failed()) return result;
  result = outcome(Operation::Chdir, sys::fchdir(directory.get()));
  if (result.failed()) return result;
  // A directory outside of the root is "(unreachable)" to the kernel (CVE-2024-21626).
  char place[4096];
  long size = sys::getcwd(place, sizeof place);
  if (size < 0) return outcome(Operation::Getcwd, size);
  return place[0] == '/' ? kDone : fault(Operation::Verify, EXDEV);
}

Result step::findProgram(Walker& walker, const wire::FindProgram& step) {
  const char* name = walker.text(step.name);
  bool path = false;
  for (const char* c = name; *c; c++) path = path || *c == '/';
  ProgramCapabilities capabilities(walker);
  if (!path) return *name ? search(walker, step, name) : fault(Operation::Lookup, ENOENT);
  if (!join(walker, "", name)) return fault(Operation::Lookup, ENAMETOOLONG);
  long result = executable(walker.program);
  return outcome(result == -ENOENT ? Operation::Lookup : Operation::Access, result);
}
