#include "holder.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../init/child.h"
#include "fd.h"
#include "no-signals.h"

namespace core {

// In the child: raw system calls only. The end of the gate, whether closed or lost with its owner, ends it.
int Holder::hold(void* argument) {
  auto& self = *static_cast<Holder*>(argument);
  sys::close(self.gate_[1]);
  char byte;
  while (sys::read(self.gate_[0], &byte, 1) == -EINTR) continue;
  return 0;
}

Result Holder::make(uint64_t namespaces) {
  if (::pipe2(gate_, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
  sys::CloneArgs args{};
  args.flags = sys::kCloneVm | sys::kCloneClearSighand | namespaces;
  args.stack = reinterpret_cast<uintptr_t>(stack_);
  args.stackSize = sizeof stack_;
  NoSignals none;
  return started(child::clone(args, hold, this));
}

Result Holder::join(int space) {
  if (::pipe2(gate_, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
  Fd ours(ready[0]), theirs(ready[1]);
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

Result Holder::started(long pid) {
  if (pid < 0) return Result::fail("clone3", static_cast<int>(-pid));
  pid_ = static_cast<int>(pid);
  return Result::nothing();
}

void Holder::end() {
  for (int& fd : gate_) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  if (pid_ < 0) return;
  siginfo_t ended;
  uninterrupted([&] { return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | __WALL); });
  pid_ = -1;
}

}  // namespace core
