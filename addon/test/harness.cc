#include "harness.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace harness {
namespace {
bool failed = false;
std::vector<unsigned long> arguments;
}  // namespace

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

void fail(const char* file, int line, const std::string& what) {
  failed = true;
  printf("  %s:%d: %s\n", file, line, what.c_str());
}

unsigned long argument(size_t index, unsigned long otherwise) { return index < arguments.size() ? arguments[index] : otherwise; }

std::string show(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += "\n    " + line;
  return out;
}

}  // namespace harness

// walker-test GROUP [COUNT [SEED]], or no group for their names.
int main(int count, char** words) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  for (int i = 2; i < count; i++) harness::arguments.push_back(std::strtoul(words[i], nullptr, 10));
  int run = 0, bad = 0;
  for (const auto& test : harness::tests()) {
    if (count < 2) {
      printf("%s: %s\n", test.group, test.name);
      continue;
    }
    if (strcmp(test.group, words[1]) != 0) continue;
    harness::failed = false;
    test.run();
    printf("%s %s\n", harness::failed ? "FAILED" : "ok", test.name);
    run++;
    bad += harness::failed;
  }
  if (count >= 2 && run == 0) printf("no test in group %s\n", words[1]);
  return count >= 2 && (bad || !run) ? 1 : 0;
}
