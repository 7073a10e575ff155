// Calls of a host that has one thread and is started with the caller's words. Those that the core has too take its
// place.
#pragma once
#include "../core/call.h"

namespace quickjs {

core::Table own();

// What `args()` gives: the caller's words, without the program's name.
void setWords(int count, char** words);

}  // namespace quickjs
