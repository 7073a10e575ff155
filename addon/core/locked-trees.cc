#include "locked-trees.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "../init/child.h"
#include "fd.h"
#include "holder.h"
#include "no-signals.h"

namespace core {
namespace {

// Opens trees in another mount namespace, with our rights, memory and descriptors.
struct Opener {
  int space, root;
  const std::vector<std::string>& paths;
  const std::vector<int>& flags;
  std::vector<double> results;
  const char* failed = nullptr;
  long error = 0;
  alignas(16) uint8_t stack[16 << 10];
};

int fail(Opener& opener, const char* call, long error) {
  opener.failed = call;
  opener.error = error;
  return 1;
}

// In the child: raw system calls only, and what is there already.
int open(void* argument) {
  auto& opener = *static_cast<Opener*>(argument);
  long result = sys::setns(opener.space, CLONE_NEWNS);
  if (result < 0) return fail(opener, "setns", result);
  // The root of the namespace need not be ours.
  result = sys::fchdir(opener.root);
  if (result < 0) return fail(opener, "fchdir", result);
  result = sys::chroot(".");
  if (result < 0) return fail(opener, "chroot", result);
  for (size_t i = 0; i < opener.paths.size(); i++) {
    unsigned flags = static_cast<unsigned>(opener.flags[i]) | sys::kOpenTreeClone | sys::kOpenTreeCloexec;
    opener.results[i] = static_cast<double>(sys::openTree(sys::kAtFdcwd, opener.paths[i].c_str(), flags));
  }
  return 0;
}

Result run(Opener& opener) {
  sys::CloneArgs args{};
  // Its own working directory and root, which setns(2) asks for.
  args.flags = sys::kCloneVm | sys::kCloneFiles | sys::kCloneVfork | sys::kCloneClearSighand;
  args.stack = reinterpret_cast<uintptr_t>(opener.stack);
  args.stackSize = sizeof opener.stack;
  NoSignals none;
  long pid = child::clone(args, open, &opener);
  if (pid < 0) return Result::fail("clone3", static_cast<int>(-pid));
  siginfo_t ended;
  uninterrupted([&] { return ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | __WALL); });
  if (opener.failed) return Result::fail(opener.failed, static_cast<int>(-opener.error));
  return Result::of(std::move(opener.results));
}

}  // namespace

Result openLockedTrees(const std::vector<std::string>& paths, const std::vector<int>& flags) {
  if (paths.size() != flags.size()) return Result::fail("open_tree", EINVAL);
  // A copy of our mounts that belongs to another user namespace: the kernel locks it.
  Holder holder;
  Result result = holder.make(sys::kCloneNewuser | sys::kCloneNewns);
  if (result.kind == Result::Kind::Error) return result;
  Fd space(::open(holder.path("ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
  if (!space) return Result::fail("open", errno);
  Fd root(::open(holder.path("root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Result::fail("open", errno);
  Opener opener{space.get(), root.get(), paths, flags, std::vector<double>(paths.size(), -EIO), nullptr, 0, {}};
  return run(opener);
}

}  // namespace core
