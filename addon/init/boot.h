// From argv to the walk: what is done before the plan's first step.
#pragma once
#include "walker.h"

// Returns the exit status. arguments: "tsrun-init", base, number of slots, and the soft limit of open files to put back if
// launch has raised it. Bad arguments end with status 2, as there is no channel to say so.
int boot(Walker& walker, int count, const char* const* arguments);
