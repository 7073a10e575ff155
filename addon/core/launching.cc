// Starting programs: init in its namespaces, helpers outside of them, and what is handed to both.
#include "call.h"
#include "launch.h"
#include "memory.h"
#include "spawn.h"

namespace core {
namespace {

Result memfd(const Args& args) {
  Fd made = makeMemory(args.text(0), Use::Data);
  return made ? Result::of(static_cast<double>(made.release())) : Result::fail("memfd_create", errno);
}

Result sealMemfd(const Args& args) {
  int error = seal(args.integer(0));
  return error ? Result::fail("fcntl F_ADD_SEALS", error) : Result::nothing();
}

// (plan, fds, preserve, namespaces, cgroup, launcher)
Result launchInit(const Args& args) {
  Launch options;
  options.plan = args.data(0);
  options.fds = args.integers(1);
  options.preserve = args.integer(2);
  options.namespaces = args.natural(3);
  options.cgroup = args.integer(4);
  options.launcher = args.integer(5) != 0;
  return launch(options);
}

// (path, args, env, cwd, input)
Result spawnHelper(const Args& args) {
  return spawn({args.values[0].text, args.texts(1), args.texts(2), args.values[3].text, args.data(4)});
}

const Call rows[] = {
    {"launch", "bIiuii", launchInit},
    {"spawn", "tTTtb", spawnHelper},
    {"memfd", "t", memfd},
    {"sealMemfd", "i", sealMemfd},
};

}  // namespace

Table launching() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
