#include "steps.h"

using wire::Operation;

Result step::joinCgroup(Walker& walker, const wire::JoinCgroup& step) {
  Fd tasks(walker.slot(step.slot));
  return outcome(Operation::Write, sys::write(tasks.get(), "0", 1));
}
