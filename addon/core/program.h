#pragma once
#include "fd.h"

namespace core {

// Descriptor of init's program in an anonymous file that nobody can write any more, made once and kept for good; -1 and
// errno when the host allows none.
int initProgram();

}  // namespace core
