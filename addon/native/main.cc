// The native executable: the engine wakes up with the program in it, or reads the program's bytecode, and runs it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "../bindings/quickjs-own.h"
#include "../core/terminal.h"
#include "engine.h"
#include "heap.h"
#include "layout.h"

// The program, placed by the build; empty where the heap holds it already.
extern "C" {
extern const uint32_t tsrunMode;
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

int run(engine::Engine& engine, int count, char** words) {
  quickjs::setWords(count > 0 ? count - 1 : 0, words + 1);
  return engine::run(engine, nameOf(words[0]));
}

core::View program() { return {tsrunProgram, static_cast<size_t>(tsrunProgramEnd - tsrunProgram)}; }

// For the build.
int prepare(layout::Mode mode, int count, char** words) {
  if (!layout::prepare(mode)) return 1;
  auto* made = static_cast<engine::Engine*>(heap::take(sizeof(engine::Engine)));
  const char* start = mode == layout::kRehearse ? "rehearse" : "start";
  if (!made || !engine::build(*new (made) engine::Engine, program(), start))
    return engine::report(made ? made->context : nullptr);
  if (mode == layout::kWrite) return layout::writeHeap(made) ? 0 : 1;
  layout::watch();
  int code = run(*made, count, words);
  return layout::tell() ? code : 1;
}

int perform(int count, char** words) {
  if (!openStreams()) return 1;
  ignoreSignals();
  if (auto* woken = static_cast<engine::Engine*>(heap::root())) return run(*woken, count, words);
  if (tsrunMode != layout::kRun) return prepare(static_cast<layout::Mode>(tsrunMode), count, words);
  engine::Engine engine;
  if (!engine::build(engine, program())) return engine::report(engine.context);
  return run(engine, count, words);
}

}  // namespace

// Nothing is taken apart at the end: the kernel does it faster.
int main(int count, char** words) {
  int code = perform(count, words);
  core::restoreTerminal();
  _exit(code);
}
