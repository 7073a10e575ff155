#include "../paths.h"
#include "steps.h"

using wire::Operation;

Result step::setSysctl(Walker& walker, const wire::SetSysctl& step) {
  char path[256];
  text::Writer writer(path, sizeof path);
  if (!writer.add("sys/").add(walker.text(step.file)).fits()) return fault(Operation::Open, ENAMETOOLONG);
  Fd file;
  Result result = openProc(walker, path, file);
  if (result.failed()) return result;
  const char* value = walker.text(step.value);
  size_t size = text::length(value);
  long written = sys::write(file.get(), value, size);
  if (written < 0) return outcome(Operation::Write, written);
  return static_cast<size_t>(written) == size ? kDone : fault(Operation::Write, EIO);
}
