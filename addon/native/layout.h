// For the build: writing the heap down, in the order that the build wants, and telling what a run has written to.
#pragma once
#include "../core/value.h"

namespace layout {

// How the build runs the executable; it sets the word that says so in the file itself (place.S).
enum Mode : uint32_t {
  kRun = 0,
  kWrite = 1,   // writes the heap, laid out as stdin says, or as it came about where stdin is empty
  kSpread = 2,  // writes the heap with every block on pages of its own
};

// Before anything is taken from the heap. False when stdin can't be read.
bool prepare(Mode mode);

// Writes the heap to stdout. False when that fails, or when the layout is not for this program.
bool writeHeap(void* root);

// Writes to descriptor 3 a byte for every page of the heap: 1 if this run has written to it.
void writeTouched();

}  // namespace layout
