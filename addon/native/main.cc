// The native executable: the engine wakes up with the program in it, or reads the program's bytecode, and runs it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bindings/quickjs-own.h"
#include "../core/terminal.h"
#include "engine.h"
#include "heap.h"

// The program, placed by the build; empty where the heap holds it already.
extern "C" {
extern const uint32_t tsrunWriteHeap;
extern const uint8_t tsrunProgram[], tsrunProgramEnd[];
}

namespace {

// Descriptors 0-2 must be open, or the next file that is opened would be taken for one of them.
bool openStreams() {
  for (int fd = 0; fd < 3; fd++) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (::open("/dev/null", O_RDWR) != fd) return false;
  }
  return true;
}

// A reader that is gone and a file that may not grow are errors of write(2), not ends of the process.
void ignoreSignals() {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  ::sigaction(SIGXFSZ, &ignore, nullptr);
}

const char* nameOf(const char* path) {
  if (!path) return "";
  const char* slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

// For the build: what a start begins with, on stdout.
int writeHeap(engine::Engine& made) {
  auto* kept = static_cast<engine::Engine*>(heap::take(sizeof made));
  *kept = made;
  heap::Bytes all = heap::written(kept);
  for (size_t at = 0; at < all.size;) {
    ssize_t wrote = ::write(STDOUT_FILENO, static_cast<const uint8_t*>(all.data) + at, all.size - at);
    if (wrote <= 0) return 1;
    at += static_cast<size_t>(wrote);
  }
  return 0;
}

int perform(int count, char** words) {
  if (!openStreams()) return 1;
  ignoreSignals();
  if (auto* woken = static_cast<engine::Engine*>(heap::root())) {
    quickjs::setWords(count - 1, words + 1);
    return engine::run(*woken, nameOf(words[0]));
  }
  engine::Engine engine;
  core::View program = {tsrunProgram, static_cast<size_t>(tsrunProgramEnd - tsrunProgram)};
  if (!engine::build(engine, program)) return engine::report(engine.context);
  if (tsrunWriteHeap) return writeHeap(engine);
  quickjs::setWords(count > 0 ? count - 1 : 0, words + 1);
  return engine::run(engine, nameOf(words[0]));
}

}  // namespace

// Nothing is taken apart at the end: the kernel does it faster.
int main(int count, char** words) {
  int status = perform(count, words);
  core::restoreTerminal();
  _exit(status);
}
