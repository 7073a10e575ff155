// Starting programs: init in its namespaces, helpers outside of them, and what is handed to both.
#include "call.h"
#include "memory.h"

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

const Call rows[] = {
    {"memfd", "t", memfd},
    {"sealMemfd", "i", sealMemfd},
};

}  // namespace

Table launching() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
