// Stands in for the kernel: every system call of the walker under test comes here, is checked (pointers into memory that
// is there, descriptors that are open) and noted, and gets an answer from a small model, from chance, or from the kernel.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "../init/walker.h"
#include "call.h"

namespace recorder {

// What a model file is to statx.
struct File {
  uint32_t type = sys::kTypeDirectory;
  uint32_t major = 0, minor = 0;
  uint64_t mount = 1;
};

// Starts anew: only the program's and the plan's descriptors are open, nothing is noted.
void reset(const Descriptors& descriptors);

// Calls as they come, one line each: name(arguments), = errno when it failed.
const std::vector<std::string>& lines();
// Those lines that start with one of the names.
std::vector<std::string> lines(const std::vector<std::string>& names);
// What a report said, in order: kind step operation errno detail.
const std::vector<std::string>& messages();

// Answers of the model.
void file(const std::string& path, const File& file);
void fails(const std::string& name, int error);                            // every call of that name
void answers(std::function<std::optional<long>(const Call& call)> answer);  // before everything else
void go(std::vector<uint32_t> steps);                                       // what the parent sends; then EOF

// Answers at random, good ones mostly; more than most calls is a failure.
void chance(uint64_t seed, size_t most);
// Real calls to the kernel, but for those that fail().
void real();

size_t count();

// A walker on the plan in memory of exactly its size, as boot() leaves it.
struct Subject {
  explicit Subject(const std::string& plan, Descriptors descriptors = {3, 4});
  bool check();
  int walk();
  std::unique_ptr<uint8_t[]> bytes;
  size_t size;
  Descriptors descriptors;
  Walker walker{};
  Defect defect{};
};

}  // namespace recorder
