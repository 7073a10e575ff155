// Where the process runs and what it is taken for: CPUs, memory nodes, execution domain.
#include "steps.h"

using wire::Operation;

Result step::setAffinity(Walker& walker, const wire::SetAffinity& step) {
  return outcome(Operation::Sched_setaffinity, sys::schedSetaffinity(0, step.cpusLength, walker.text(step.cpus)));
}

Result step::setPersonality(Walker&, const wire::SetPersonality& step) { return outcome(Operation::Personality, sys::personality(step.persona)); }

Result step::setMemoryPolicy(Walker& walker, const wire::SetMemoryPolicy& step) {
  // The kernel counts one bit less than it is told.
  unsigned long bits = step.nodesLength ? step.nodesLength * 8ul + 1 : 0;
  const char* nodes = bits ? walker.text(step.nodes) : nullptr;
  return outcome(Operation::Set_mempolicy, sys::setMempolicy(static_cast<int>(step.mode), nodes, bits));
}
