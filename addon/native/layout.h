// For the build: writing the heap down, in the order that the build wants, and telling which parts of it a run needs.
#pragma once
#include "../core/value.h"

namespace layout {

// How the build runs the executable; it sets the word that says so in the file itself (place.S).
enum Mode : uint32_t {
  kRun = 0,
  kWrite = 1,     // makes the program and writes the heap, laid out as stdin says, or as it comes where stdin is empty
  kRehearse = 2,  // makes the program, runs it, and tells which blocks were read and written (see tell)
};

// Before anything is taken from the heap. False when stdin can't be read.
bool prepare(Mode mode);

// Writes the heap to stdout. False when that fails, or when the layout is not for this program.
bool writeHeap(void* root);

// From now on, what the program was made of is watched: every block lies on pages of its own, out of reach until it is
// asked for. What is taken from the heap later is not watched.
void watch();

// Writes two numbers of 32 bits to descriptor 3 for each watched block, in the order in which they were asked for: its
// size in units of 16 bytes, and whether it was left alone (0), read (1) or written (2).
bool tell();

}  // namespace layout
