#include "user-namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../init/child.h"
#include "fd.h"
#include "no-signals.h"
#include "read.h"

namespace core {
namespace {

constexpr size_t kStackSize = 16 << 10;
// 340 lines of three numbers, with the kernel's padding.
constexpr size_t kMostText = 16 << 10;

// A process that stays in a user namespace until this object ends.
class Holder {
 public:
  Holder() = default;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { end(); }

  // In a new one. The process shares our memory, but not for long enough to matter: it waits on its own stack.
  Result make() {
    if (::pipe2(gate_, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
    sys::CloneArgs args{};
    args.flags = sys::kCloneVm | sys::kCloneClearSighand | sys::kCloneNewuser;
    args.stack = reinterpret_cast<uintptr_t>(stack_);
    args.stackSize = sizeof stack_;
    NoSignals none;
    long pid = child::clone(args, hold, this);
    return started(pid);
  }

  // In the given one. The change of credentials is to have no effect on us: a process of its own memory.
  Result join(int space) {
    if (::pipe2(gate_, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
    Fd theirs(ready[1]), ours(ready[0]);
    sys::CloneArgs args{};
    NoSignals none;
    long pid = child::fork(args);
    if (pid == 0) {
      int error = static_cast<int>(-sys::setns(space, CLONE_NEWUSER));
      sys::write(theirs.get(), &error, sizeof error);
      sys::exit(error ? 1 : hold(this));
    }
    Result result = started(pid);
    if (result.kind == Result::Kind::Error) return result;
    theirs = Fd();
    int error = EIO;
    uninterrupted([&] { return ::read(ours.get(), &error, sizeof error); });
    return error ? Result::fail("setns", error) : Result::nothing();
  }

  std::string path(const char* file) const { return "/proc/" + std::to_string(pid_) + "/" + file; }

 private:
  // In the child: raw system calls only. The end of the gate, whether closed or lost with its owner, ends it.
  static int hold(void* argument) {
    auto& self = *static_cast<Holder*>(argument);
    sys::close(self.gate_[1]);
    char byte;
    while (sys::read(self.gate_[0], &byte, 1) == -EINTR) continue;
    return 0;
  }

  Result started(long pid) {
    if (pid < 0) return Result::fail("clone3", static_cast<int>(-pid));
    pid_ = static_cast<int>(pid);
    return Result::nothing();
  }

  void end() {
    for (int& fd : gate_) {
      if (fd >= 0) ::close(fd);
      fd = -1;
    }
    if (pid_ < 0) return;
    siginfo_t ended;
    uninterrupted([&] { return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | __WALL); });
    pid_ = -1;
  }

  alignas(16) uint8_t stack_[kStackSize];
  int gate_[2] = {-1, -1};
  int pid_ = -1;
};

// One write: the kernel takes a map only whole.
Result writeMap(const Holder& holder, const char* file, const std::string& map) {
  Fd out(::open(holder.path(file).c_str(), O_WRONLY | O_CLOEXEC));
  if (!out) return Result::fail("open", errno);
  ssize_t done = uninterrupted([&] { return ::write(out.get(), map.data(), map.size()); });
  if (done < 0) {
    Result result = Result::fail("write", errno);
    result.subject = file;
    return result;
  }
  return done == static_cast<ssize_t>(map.size()) ? Result::nothing() : Result::fail("write", EIO);
}

Result readText(const std::string& path, std::string& out) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Result::fail("open", errno);
  Buffer bytes;
  if (int error = readAll(file.get(), kMostText, 0, bytes)) return Result::fail("read", error);
  out.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return Result::nothing();
}

}  // namespace

Result makeUserNamespace(const std::string& uidMap, const std::string& gidMap) {
  Holder holder;
  Result result = holder.make();
  if (result.kind != Result::Kind::Error) result = writeMap(holder, "uid_map", uidMap);
  if (result.kind != Result::Kind::Error) result = writeMap(holder, "gid_map", gidMap);
  if (result.kind == Result::Kind::Error) return result;
  return Result::numberOrFail("open", ::open(holder.path("ns/user").c_str(), O_RDONLY | O_CLOEXEC));
}

Result readUserNamespace(int space) {
  Holder holder;
  Result result = space < 0 ? Result::nothing() : holder.join(space);
  std::vector<std::string> texts;
  for (const char* file : {"uid_map", "gid_map", "setgroups"}) {
    if (result.kind == Result::Kind::Error) return result;
    std::string text;
    result = readText(space < 0 ? std::string("/proc/self/") + file : holder.path(file), text);
    texts.push_back(text);
  }
  return result.kind == Result::Kind::Error ? std::move(result) : Result::of(std::move(texts));
}

}  // namespace core
