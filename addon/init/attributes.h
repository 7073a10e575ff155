// Security attributes of this process (proc_pid_attr(5)): written by itself, to its own entry of a verified procfs, so that
// nothing mounted over /proc can take the label instead (R4, CVE-2019-16884, CVE-2025-52881).
#pragma once
#include "walker.h"

// Writes to /proc/thread-self/attr/ATTRIBUTE, or to OTHERWISE where the kernel lacks that file ("" for no other).
Result writeOwnAttribute(Walker& walker, const char* attribute, const char* otherwise, const char* value);
