#include "../pointers.h"
#include "steps.h"

using wire::Operation;

Result step::awaitStart(Walker& walker, const wire::AwaitStart& step) {
  int fifo = walker.slot(step.execFifo);
  // Nothing of the host stays open in a process that others may look at.
  int* const ofHost[] = {&walker.root, &walker.proc, &walker.null.fd, &walker.empty.fd};
  for (int* fd : ofHost) {
    if (*fd >= 0) sys::close(*fd);
    *fd = -1;
  }
  // The end of the channel tells the parent that the container has been created.
  sys::close(walker.channel);
  walker.channel = walker.slot(step.reportFifo);
  walker.channelIsSocket = false;
  char byte;
  long size;
  do size = sys::read(fifo, &byte, 1);
  while (size == -EINTR);
  if (size < 0) return outcome(Operation::Read, size);
  return size == 1 ? kDone : fault(Operation::Read, EIO);
}

Result step::exec(Walker& walker, const wire::Exec& step) {
  if (step.argsCount == 0) return fault(Operation::Execve, EINVAL);
  static char home[sizeof "HOME=" + sizeof walker.home];
  Pointers pointers(static_cast<size_t>(step.argsCount) + step.envCount + 1);
  Result result = pointers.result();
  if (result.failed()) return result;
  const char* const* args = pointers.strings(walker.plan, step.args, step.argsCount);
  const char* const* env = pointers.strings(walker.plan, step.env, step.envCount, walker.foundHome ? "HOME=" : nullptr);
  if (walker.foundHome) {
    text::Writer(home, sizeof home).add("HOME=").add(walker.home);
    pointers.append(home);
  }
  result = restoreLimit(walker);
  if (result.failed()) return result;
  // All of them are CLOEXEC since they were opened; this catches what isn't. Closing is left to the exec: the end of the
  // channel or of the report fifo tells that it has succeeded.
  sys::closeRange(static_cast<unsigned>(walker.descriptors.base), ~0u, sys::kCloseRangeCloexec);
  if (!text::equal(walker.program, args[0])) walker.note(walker.program);
  return outcome(Operation::Execve, sys::execve(walker.program, args, env));
}
