#pragma once

namespace core {

// Gives the terminal that restoreAtEnd has named its mode back. May be called in a signal handler, and more than once.
void restoreTerminal();

}  // namespace core
