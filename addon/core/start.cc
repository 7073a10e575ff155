#include "start.h"

#include <signal.h>
#include <sys/wait.h>

#include "../init/child.h"
#include "no-signals.h"

namespace core {
namespace {

constexpr size_t kStackSize = 32 << 10;

// Whoever ignores SIGCHLD (a disposition that is inherited) never learns how a child ended.
void wantChildren() {
  struct sigaction action;
  if (::sigaction(SIGCHLD, nullptr, &action) < 0) return;
  bool ignored = action.sa_handler == SIG_IGN;
  if (!ignored && !(action.sa_flags & SA_NOCLDWAIT)) return;
  if (ignored) action.sa_handler = SIG_DFL;
  action.sa_flags &= ~SA_NOCLDWAIT;
  ::sigaction(SIGCHLD, &action, nullptr);
}

int enter(void* argument) {
  auto& child = *static_cast<Child*>(argument);
  return child.run(child);
}

void reap(int pidfd) {
  siginfo_t ended;
  uninterrupted([&] { return ::waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &ended, WEXITED | __WALL); });
}

}  // namespace

Started start(Child& child, uint64_t namespaces, int cgroup) {
  alignas(16) uint8_t stack[kStackSize];
  int pidfd = -1;
  sys::CloneArgs args{};
  args.flags = sys::kCloneVm | sys::kCloneVfork | sys::kClonePidfd | sys::kCloneClearSighand | namespaces;
  args.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  args.exitSignal = SIGCHLD;
  args.stack = reinterpret_cast<uintptr_t>(stack);
  args.stackSize = kStackSize;
  if (cgroup >= 0) {
    args.flags |= sys::kCloneIntoCgroup;
    args.cgroup = static_cast<uint64_t>(cgroup);
  }
  wantChildren();
  Started started;
  NoSignals none;
  long pid = child::clone(args, enter, &child);
  if (pid < 0) {
    started.failed = "clone3";
    started.error = static_cast<int>(-pid);
    return started;
  }
  started.pidfd = Fd(pidfd);
  if (child.failed) {
    reap(pidfd);
    started.failed = child.failed;
    started.error = static_cast<int>(-child.error);
    return started;
  }
  started.pid = static_cast<int>(pid);
  return started;
}

}  // namespace core
