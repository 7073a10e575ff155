// Terminals: size and mode, and a mode that comes back however this process ends.
#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

Result terminalSize(const Args& args) {
  struct winsize size;
  if (::ioctl(args.integer(0), TIOCGWINSZ, &size) < 0) return Result::fail("ioctl TIOCGWINSZ", errno);
  return Result::of(std::vector<Field>{{"height", static_cast<double>(size.ws_row)},
                                       {"width", static_cast<double>(size.ws_col)}});
}

// (terminal, height, width)
Result setTerminalSize(const Args& args) {
  if (args.natural(1) > UINT16_MAX || args.natural(2) > UINT16_MAX) return Result::fail("ioctl TIOCSWINSZ", ERANGE);
  struct winsize size = {};
  size.ws_row = static_cast<unsigned short>(args.natural(1));
  size.ws_col = static_cast<unsigned short>(args.natural(2));
  return Result::nothingOrFail("ioctl TIOCSWINSZ", ::ioctl(args.integer(0), TIOCSWINSZ, &size));
}

Result terminalMode(const Args& args) {
  struct termios mode = {};
  if (::tcgetattr(args.integer(0), &mode) < 0) return Result::fail("tcgetattr", errno);
  Buffer bytes(sizeof mode);
  if (!bytes) return Result::fail("tcgetattr", ENOMEM);
  memcpy(bytes.data(), &mode, sizeof mode);
  return Result::of(Result::Kind::Bytes, std::move(bytes));
}

// In the background the shell's mode is in force, and a job that changes it is stopped (termios(3), SIGTTOU).
bool inBackground(int terminal) {
  pid_t foreground = ::tcgetpgrp(terminal);
  return foreground > 0 && foreground != ::getpgrp();
}

// 1 when the mode has been set, 0 when this process is in the background.
Result setTerminalMode(const Args& args) {
  struct termios mode;
  View bytes = args.data(1);
  if (bytes.size != sizeof mode) return Result::fail("tcsetattr", EINVAL);
  memcpy(&mode, bytes.data, sizeof mode);
  int terminal = args.integer(0);
  if (inBackground(terminal)) return Result::of(0);
  if (uninterrupted([&] { return ::tcsetattr(terminal, TCSANOW, &mode); }) < 0) return Result::fail("tcsetattr", errno);
  return Result::of(1);
}

// What restoreTerminal does, and for whom.
volatile sig_atomic_t kept = -1;
struct termios before;

// The end of a process that is at fault itself, or that somebody wants dead: what it would have been, after the terminal.
const int fatal[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
constexpr size_t kFatal = sizeof fatal / sizeof *fatal;
struct sigaction usual[kFatal];

void restoreAndDie(int signal) {
  restoreTerminal();
  for (size_t at = 0; at < kFatal; at++)
    if (fatal[at] == signal) ::sigaction(signal, &usual[at], nullptr);
  ::raise(signal);
}

void watchForEnd() {
  static bool watching = false;
  if (watching) return;
  watching = true;
  ::atexit(restoreTerminal);
  struct sigaction action = {};
  action.sa_handler = restoreAndDie;
  action.sa_flags = SA_NODEFER;
  ::sigemptyset(&action.sa_mask);
  for (size_t at = 0; at < kFatal; at++) ::sigaction(fatal[at], &action, &usual[at]);
}

// (terminal, mode): from now on the terminal gets this mode at the end of the process; -1 for none.
Result restoreAtEnd(const Args& args) {
  View bytes = args.data(1);
  kept = -1;
  if (args.integer(0) < 0) return Result::nothing();
  if (bytes.size != sizeof before) return Result::fail("tcsetattr", EINVAL);
  memcpy(&before, bytes.data, sizeof before);
  kept = args.integer(0);
  watchForEnd();
  return Result::nothing();
}

const Call rows[] = {
    {"terminalSize", "i", terminalSize},       {"setTerminalSize", "iuu", setTerminalSize},
    {"terminalMode", "i", terminalMode},       {"setTerminalMode", "ib", setTerminalMode},
    {"restoreAtEnd", "ib", restoreAtEnd},
};

}  // namespace

void restoreTerminal() {
  if (kept >= 0 && !inBackground(kept)) ::tcsetattr(kept, TCSANOW, &before);
}

Table terminals() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
