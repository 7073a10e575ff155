// Anonymous files.
#pragma once
#include "fd.h"
#include "value.h"

namespace core {

enum class Use { Data, Program };

// An empty memfd that can be sealed; no descriptor and errno when there can't be one.
Fd makeMemory(const char* name, Use use);

// Writes all of `data` at the start, leaving the position there. 0 or an errno.
int fill(int fd, View data);

// No more writing, growing or shrinking, through any descriptor. 0 or an errno.
int seal(int fd);

// The three in one: an anonymous file that holds `data` for good.
Fd makeSealed(const char* name, Use use, View data);

}  // namespace core
