#include "../attributes.h"
#include "../paths.h"
#include "steps.h"

using wire::Operation;

Result step::openProc(Walker& walker, const wire::OpenProc&) { return takeProc(walker); }

Result step::writeAttribute(Walker& walker, const wire::WriteAttribute& step) {
  return writeOwnAttribute(walker, walker.text(step.attribute), walker.text(step.otherwise), walker.text(step.value));
}

Result step::labelFile(Walker& walker, const wire::LabelFile& step) {
  Fd place;
  Result result = openInRoot(walker, walker.text(step.path), Lookup(), place);
  if (result.failed()) return result;
  // Attributes can't be set through an O_PATH descriptor.
  Fd directory(sys::openat(place.get(), ".", sys::kRdonly | sys::kDirectory | sys::kCloexec));
  if (!directory.open()) return outcome(Operation::Open, directory.get());
  const char* label = walker.text(step.label);
  // With its NUL, as setfilecon(3) does.
  return outcome(Operation::Fsetxattr, sys::fsetxattr(directory.get(), "security.selinux", label, text::length(label) + 1));
}
