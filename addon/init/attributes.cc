#include "attributes.h"

#include "paths.h"

using wire::Operation;

namespace {

// "PID/task/TID" as this procfs counts processes, whatever pid namespace this one is in.
Result nameSelf(Walker& walker, char* out, size_t size) {
  Fd link;
  Result result = openMember(walker, walker.proc, "thread-self", sys::kPath | sys::kNofollow, link);
  if (result.failed()) return result;
  long length = sys::readlinkat(link.get(), "", out, size);
  if (length < 0) return outcome(Operation::Readlinkat, length);
  if (static_cast<size_t>(length) >= size) return fault(Operation::Readlinkat, ENAMETOOLONG);
  out[length] = 0;
  return kDone;
}

Result openAttribute(Walker& walker, const char* self, const char* attribute, Fd& out) {
  char path[128];
  text::Writer writer(path, sizeof path);
  if (!writer.add(self).add("/attr/").add(attribute).fits()) return fault(Operation::Open, ENAMETOOLONG);
  return openProc(walker, path, out);
}

}  // namespace

Result writeOwnAttribute(Walker& walker, const char* attribute, const char* otherwise, const char* value) {
  if (walker.proc < 0) return fault(Operation::Verify, ENOENT);
  char self[64];
  Result result = nameSelf(walker, self, sizeof self);
  if (result.failed()) return result;
  Fd file;
  result = openAttribute(walker, self, attribute, file);
  if (result.error == ENOENT && *otherwise) result = openAttribute(walker, self, otherwise, file);
  if (result.failed()) return result;
  walker.detail[0] = 0;
  size_t size = text::length(value);
  long written = sys::write(file.get(), value, size);
  if (written < 0) return outcome(Operation::Write, written);
  return static_cast<size_t>(written) == size ? kDone : fault(Operation::Write, EIO);
}
