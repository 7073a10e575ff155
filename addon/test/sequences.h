// A plan gives exactly its system calls, in order. The model's first descriptor is 10; 3 is the channel, slots begin at 5.
#pragma once
#include "harness.h"
#include "recorder.h"
#include "sample.h"

using recorder::Subject;
using wire::Op;
using wire::Operation;
using Lines = std::vector<std::string>;


inline const std::vector<std::string> kMounting = {"open_tree", "move_mount", "mount_setattr", "mount", "fsopen", "fsconfig", "fsmount"};

// The report of a fault, as messages() gives it.
inline std::string fault(uint32_t step, Operation operation, int error, const std::string& detail = "") {
  std::string text = "fault " + std::to_string(step) + " " + std::to_string(static_cast<unsigned>(operation)) + " " + std::to_string(error);
  return detail.empty() ? text : text + " " + detail;
}

inline Lines from(const Lines& lines, const std::string& first) {
  Lines out;
  bool on = false;
  for (const auto& line : lines) {
    on = on || line.rfind(first, 0) == 0;
    if (on) out.push_back(line);
  }
  return out;
}

// Walks the plan with the answers to its stops.
inline int walk(Subject& subject, std::vector<uint32_t> go) {
  bool sound = subject.check();
  EXPECT(sound);
  if (!sound) return -1;
  recorder::go(std::move(go));
  return subject.walk();
}
