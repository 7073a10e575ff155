// A test is a function with a group and a name; main() runs one group and prints a line for each.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace harness {

struct Test {
  const char* group;
  const char* name;
  void (*run)();
};
std::vector<Test>& tests();
struct Registration {
  Registration(const char* group, const char* name, void (*run)()) { tests().push_back({group, name, run}); }
};

// Notes a failure of the running test; it goes on.
void fail(const char* file, int line, const std::string& what);

// Arguments after the group: a count and a seed for tests that repeat.
unsigned long argument(size_t index, unsigned long otherwise);

std::string show(const std::vector<std::string>& lines);

}  // namespace harness

#define TEST(group, id, name)                                            \
  static void id();                                                      \
  static const harness::Registration registration_##id(group, name, id); \
  static void id()
#define EXPECT(condition) \
  if (!(condition)) harness::fail(__FILE__, __LINE__, #condition)
#define EXPECT_EQUAL(actual, expected)                                                                      \
  do {                                                                                                      \
    const auto& actual_ = (actual);                                                                         \
    const auto& expected_ = (expected);                                                                     \
    if (!(actual_ == expected_)) harness::fail(__FILE__, __LINE__, #actual ": " + text_(actual_) + ", expected " + text_(expected_)); \
  } while (false)

inline std::string text_(const std::string& s) { return "\"" + s + "\""; }
inline std::string text_(const char* s) { return std::string("\"") + s + "\""; }
inline std::string text_(const std::vector<std::string>& lines) { return harness::show(lines); }
template <class T>
std::string text_(T value) {
  return std::to_string(static_cast<long long>(value));
}
