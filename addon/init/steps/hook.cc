#include "../child.h"
#include "../pointers.h"
#include "steps.h"

using wire::Operation;

namespace {

constexpr size_t kStack = 8192;

// What the hook's child needs, in memory that it shares with init until its execve.
struct Child {
  const char* path;
  const char* const* args;
  const char* const* env;
  int input, output, base;
  volatile long error;
};

// The last line that is not empty, as far as it fits.
class LastLine {
 public:
  explicit LastLine(Walker& walker) : walker_(walker) {}
  void take(const char* bytes, long size) {
    for (long i = 0; i < size; i++) {
      if (bytes[i] == '\n') {
        end();
      } else if (used_ + 1 < sizeof line_) {
        line_[used_++] = bytes[i];
      }
    }
  }
  void end() {
    line_[used_] = 0;
    if (used_) walker_.note(line_);
    used_ = 0;
  }

 private:
  Walker& walker_;
  char line_[sizeof(wire::Message::detail)];
  size_t used_ = 0;
};

// Runs in the child. What is open from base on is CLOEXEC; what is below belongs to the program, not to the hook.
long prepare(const Child& child) {
  long result = sys::dup3(child.input, 0, 0);
  if (result >= 0) result = sys::dup3(child.output, 1, 0);
  if (result >= 0) result = sys::dup3(child.output, 2, 0);
  if (result < 0) return result;
  for (int fd = 3; fd < child.base; fd++) sys::close(fd);
  sys::setpgid(0, 0);
  result = sys::prctl(sys::kPrSetPdeathsig, static_cast<unsigned long>(sys::kSigkill));
  return result < 0 ? result : 0;
}

int execHook(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  child.error = prepare(child);
  if (child.error == 0) child.error = sys::execve(child.path, child.args, child.env);
  return 127;
}

uint64_t now() {
  sys::Timespec time{};
  sys::clockGettime(sys::kClockMonotonic, &time);
  return static_cast<uint64_t>(time.sec) * 1000 + static_cast<uint64_t>(time.nsec) / 1000000;
}

bool read(int fd, LastLine& line) {
  char buffer[512];
  long size = sys::read(fd, buffer, sizeof buffer);
  if (size > 0) line.take(buffer, size);
  return size > 0 || size == -EINTR;
}

// Reads what the hook says until it has ended, not until everything that holds the pipe has. False when the time is over.
bool attend(int pidfd, int output, uint32_t seconds, LastLine& line) {
  uint64_t deadline = now() + static_cast<uint64_t>(seconds) * 1000;
  int source = output;
  for (;;) {
    uint64_t at = now(), left = deadline > at ? deadline - at : 0;
    if (seconds && left == 0) return false;
    sys::Timespec timeout{static_cast<int64_t>(left / 1000), static_cast<int64_t>(left % 1000 * 1000000)};
    sys::PollFd fds[2] = {{pidfd, sys::kPollIn, 0}, {source, sys::kPollIn, 0}};
    long ready = sys::ppoll(fds, 2, seconds ? &timeout : nullptr);
    if (ready < 0 && ready != -EINTR && ready != -EAGAIN) return true;
    if (ready <= 0) continue;
    if (fds[0].revents) break;
    if (fds[1].revents && !read(source, line)) source = -1;
  }
  // The rest, bounded: a child that the hook left behind may write for ever.
  for (unsigned most = 256; most && read(output, line); most--) continue;
  return true;
}

Result ended(int status) {
  int signal = status & 0x7f;
  if (signal) return fault(Operation::HookSignal, signal);
  int code = status >> 8 & 0xff;
  return code ? fault(Operation::HookExit, code) : kDone;
}

// Clones the hook and waits for it. error tells whether its execve succeeded.
Result run(Walker& walker, const wire::RunHook& step, Child& child, int output) {
  alignas(16) static char stack[kStack];
  int process = -1;
  sys::CloneArgs args{};
  args.flags = sys::kCloneVm | sys::kCloneVfork | sys::kClonePidfd;
  args.exitSignal = sys::kSigchld;
  args.pidfd = reinterpret_cast<uint64_t>(&process);
  args.stack = reinterpret_cast<uint64_t>(stack);
  args.stackSize = sizeof stack;
  long pid = child::clone(args, execHook, &child);
  sys::close(child.output);
  if (pid < 0) return outcome(Operation::Clone3, pid);
  Fd pidfd(process);
  LastLine line(walker);
  bool late = !child.error && !attend(process, output, step.timeout, line);
  if (late) sys::kill(static_cast<int>(-pid), sys::kSigkill);
  if (late) sys::kill(static_cast<int>(pid), sys::kSigkill);
  line.end();
  int status = 0;
  long waited;
  do waited = sys::wait4(static_cast<int>(pid), &status, 0);
  while (waited == -EINTR);
  if (child.error) return outcome(Operation::HookExec, child.error);
  if (late) return fault(Operation::HookTimeout, ETIMEDOUT);
  return waited < 0 ? outcome(Operation::Waitid, waited) : ended(status);
}

}  // namespace

Result step::runHook(Walker& walker, const wire::RunHook& step) {
  Pointers pointers(static_cast<size_t>(step.argsCount) + step.envCount);
  Result result = pointers.result();
  if (result.failed()) return result;
  Child child{};
  child.path = walker.text(step.path);
  child.args = pointers.strings(walker.plan, step.args, step.argsCount);
  child.env = pointers.strings(walker.plan, step.env, step.envCount);
  child.base = walker.descriptors.base;
  Fd nothing;
  child.input = step.slot >= 0 ? walker.slot(step.slot) : -1;
  if (child.input < 0) nothing.reset(sys::openat(sys::kAtFdcwd, "/dev/null", sys::kRdonly | sys::kCloexec));
  if (child.input < 0) child.input = nothing.get();
  // The offset is shared by all hooks that get this state.
  if (step.slot >= 0) result = outcome(Operation::Read, sys::lseek(child.input, 0, sys::kSeekSet));
  if (result.failed()) return result;
  int ends[2] = {-1, -1};
  result = outcome(Operation::Pipe2, sys::pipe2(ends, sys::kCloexec));
  if (result.failed()) return result;
  Fd output(ends[0]);
  child.output = ends[1];
  // Only this end: the hook's own must block.
  sys::fcntl(output.get(), sys::kFSetfl, sys::kNonblock);
  return run(walker, step, child, output.get());
}
