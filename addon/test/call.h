// A system call of the walker under test: what its arguments are, whether they are sound, and how it reads.
#pragma once
#include <cstring>
#include <functional>
#include <string>

namespace recorder {

struct Call {
  long number;
  long args[6];
  const char* name;
};
using IsOpen = std::function<bool(int fd)>;

inline bool is(const Call& call, const char* name) { return std::strcmp(call.name, name) == 0; }

// Fails the test.
void complain(const Call& call, const std::string& what);

// The name of a call; one that isn't in the table of call.cc ends the program.
const char* nameOf(long number);

// Strings that end, buffers that are there, descriptors that are open.
void checkArguments(const Call& call, const IsOpen& open);

// name(argument, ...)
std::string describe(const Call& call);

}  // namespace recorder
