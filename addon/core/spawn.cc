#include "spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../init/child.h"
#include "memory.h"
#include "start.h"

namespace core {
namespace {

struct Helper : Child {
  const char* path = nullptr;
  const char* cwd = nullptr;     // null: ours
  std::vector<const char*> args;
  std::vector<const char*> env;
  int streams[3] = {-1, -1, -1};
  int parent = 0;
};

// In the child: raw system calls only. Its own process group lets a deadline end all that it started.
int become(Child& child) {
  auto& helper = static_cast<Helper&>(child);
  long result = sys::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (result < 0) return helper.fail("prctl", result);
  if (sys::call(__NR_getppid) != helper.parent) return helper.fail("getppid", -ESRCH);
  result = sys::setpgid(0, 0);
  if (result < 0) return helper.fail("setpgid", result);
  result = helper.cwd ? sys::chdir(helper.cwd) : 0;
  if (result < 0) return helper.fail("chdir", result);
  result = child::placeDescriptors(helper.streams, 3, 0);
  if (result < 0) return helper.fail("dup3", result);
  result = child::closeFrom(3);
  if (result < 0) return helper.fail("close_range", result);
  child::resetSignals();
  return helper.fail("execve", sys::execve(helper.path, helper.args.data(), helper.env.data()));
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> list;
  for (const auto& text : texts) list.push_back(text.c_str());
  list.push_back(nullptr);
  return list;
}

}  // namespace

Result spawn(const Spawn& options) {
  Fd input = makeSealed("tsrun-input", Use::Data, options.input);
  if (!input) return Result::fail("memfd_create", errno);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Result::fail("pipe2", errno);
  Fd output(ends[0]), theirs(ends[1]);
  if (::fcntl(output.get(), F_SETFL, O_NONBLOCK) < 0) return Result::fail("fcntl", errno);

  Helper helper;
  helper.run = become;
  helper.path = options.path.c_str();
  helper.cwd = options.cwd.empty() ? nullptr : options.cwd.c_str();
  helper.args = pointers(options.args);
  helper.env = pointers(options.env);
  helper.streams[0] = input.get();
  helper.streams[1] = helper.streams[2] = theirs.get();
  helper.parent = ::getpid();

  Started started = start(helper, 0, -1);
  if (started.failed) {
    Result result = Result::fail(started.failed, started.error);
    result.subject = started.failed == std::string("chdir") ? options.cwd : options.path;
    return result;
  }
  return Result::of(std::vector<Field>{{"pid", static_cast<double>(started.pid)},
                                       {"pidfd", static_cast<double>(started.pidfd.release())},
                                       {"output", static_cast<double>(output.release())}});
}

}  // namespace core
