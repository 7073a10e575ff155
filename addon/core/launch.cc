#include "launch.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "../init/child.h"
#include "memory.h"
#include "program.h"
#include "start.h"

namespace core {
namespace {

// What init may have open at once besides what it is given.
constexpr uint64_t kOwnDescriptors = 64;
constexpr size_t kMaxDescriptors = 1 << 16;

// The new process becomes init: descriptors in their places, nothing else open, capabilities that outlive the exec.
struct Init : Child {
  std::vector<int> from;         // channel, plan, slots, program
  int base = 0;
  bool newUser = false;
  bool raise = false;
  sys::Rlimit limit{};
  char programPath[32];          // for a host that denies execveat
  const char* args[5] = {"tsrun-init"};
  const char* env[1] = {nullptr};
};

// In the child: raw system calls only.
int become(Child& child) {
  auto& init = static_cast<Init&>(child);
  auto count = static_cast<unsigned>(init.from.size());
  int program = init.base + static_cast<int>(count) - 1;
  long result = init.raise ? sys::prlimit(0, RLIMIT_NOFILE, &init.limit, nullptr) : 0;
  if (result < 0) return init.fail("prlimit", result);
  // libuv makes them CLOEXEC. Not so for those from 3 on: one that is CLOEXEC may be the engine's own, and no program
  // in a container is to get that; the host clears the flag of the caller's (keepOpen).
  for (int stream = 0; stream < 3; stream++) sys::fcntl(stream, sys::kFSetfd, 0);
  result = child::placeDescriptors(init.from.data(), count, init.base);
  if (result < 0) return init.fail("dup3", result);
  result = sys::fcntl(program, sys::kFSetfd, sys::kFdCloexec);
  if (result < 0) return init.fail("fcntl", result);
  result = child::closeFrom(program + 1);
  if (result < 0) return init.fail("close_range", result);
  result = init.newUser ? child::keepCapabilities() : 0;
  if (result < 0) return init.fail("capset", result);
  result = sys::execveat(program, "", init.args, init.env, sys::kAtEmptyPath);
  if (result == -ENOSYS || result == -EPERM) result = sys::execve(init.programPath, init.args, init.env);
  return init.fail("execveat", result);
}

// Room for the slots under RLIMIT_NOFILE; the soft limit that was is then init's third argument.
bool makeRoom(Init& init, std::string& before) {
  uint64_t needed = static_cast<uint64_t>(init.base) + init.from.size() + kOwnDescriptors;
  sys::Rlimit now{};
  if (sys::prlimit(0, RLIMIT_NOFILE, nullptr, &now) < 0 || now.soft >= needed) return true;
  init.raise = true;
  init.limit = {now.hard, now.hard};
  before = std::to_string(now.soft);
  return now.hard >= needed;
}

}  // namespace

Result launch(const Launch& options) {
  if (options.preserve < 0 || options.fds.size() > kMaxDescriptors) return Result::fail("launch", EINVAL);
  int program = initProgram();
  if (program < 0) return Result::fail("memfd_create", errno);
  Fd plan = makeSealed("tsrun-plan", Use::Data, options.plan);
  if (!plan) return Result::fail("memfd_create", errno);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return Result::fail("socketpair", errno);
  Fd ours(ends[0]), theirs(ends[1]);

  Init init;
  init.run = become;
  init.base = 3 + options.preserve;
  init.newUser = !options.launcher && (options.namespaces & CLONE_NEWUSER);
  init.from = {theirs.get(), plan.get()};
  init.from.insert(init.from.end(), options.fds.begin(), options.fds.end());
  init.from.push_back(program);
  std::string base = std::to_string(init.base), slots = std::to_string(options.fds.size()), before;
  if (!makeRoom(init, before)) return Result::fail("prlimit", EMFILE);
  std::string path = "/proc/self/fd/" + std::to_string(init.base + init.from.size() - 1);
  path.copy(init.programPath, sizeof init.programPath - 1);
  init.programPath[path.size()] = 0;
  init.args[1] = base.c_str();
  init.args[2] = slots.c_str();
  init.args[3] = init.raise ? before.c_str() : nullptr;

  Started started = start(init, options.launcher ? 0 : options.namespaces, options.launcher ? -1 : options.cgroup);
  if (started.failed) return Result::fail(started.failed, started.error);
  return Result::of(std::vector<Field>{{"pid", static_cast<double>(started.pid)},
                                       {"pidfd", static_cast<double>(started.pidfd.release())},
                                       {"channel", static_cast<double>(ours.release())}});
}

}  // namespace core
