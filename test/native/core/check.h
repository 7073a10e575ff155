// One assertion and one list of named tests for the hosted checks of the core.
#pragma once
#include <stdio.h>
#include <stdlib.h>

#include <string>

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

inline void same(const char* file, int line, const std::string& got, const std::string& wanted) {
  if (got == wanted) return;
  fprintf(stderr, "%s:%d: got      %s\n%s:%d: expected %s\n", file, line, got.c_str(), file, line, wanted.c_str());
  exit(1);
}
#define SAME(got, wanted) same(__FILE__, __LINE__, got, wanted)

struct Test {
  const char* name;
  void (*run)();
};
