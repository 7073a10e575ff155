// Runs one test by name, or lists all.
#include <string.h>

#include "check.h"

extern const Test textTests[];
extern const Test launchTests[];

int main(int argc, char** argv) {
  for (const Test* tests : {textTests, launchTests})
    for (const Test* test = tests; test->name; test++) {
      if (argc < 2) puts(test->name);
      if (argc < 2 || strcmp(test->name, argv[1])) continue;
      test->run();
      return 0;
    }
  return argc < 2 ? 0 : 2;
}
