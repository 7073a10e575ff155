// The bytes of a file, from one descriptor to another.
#pragma once
#include "walker.h"

// Copies the first `size` bytes of a regular file, or as many as it has, into an empty one; holes stay holes.
Result copyContents(int from, int to, int64_t size);
