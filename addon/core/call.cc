#include "call.h"

#include <math.h>
#include <string.h>

namespace core {
namespace {

bool within(double number, double low, double high) {
  return number >= low && number <= high && number == trunc(number);
}

bool fits(char kind, const Value& value) {
  switch (kind) {
    case 'i':
      return within(value.number, INT32_MIN, INT32_MAX);
    case 'u':
      return within(value.number, 0, UINT32_MAX);
    case 'n':
      return within(value.number, -9007199254740991.0, 9007199254740991.0);
    case 't':
      return value.text.find('\0') == std::string::npos;
    case 'T':
      for (const auto& text : value.texts)
        if (text.find('\0') != std::string::npos) return false;
      return true;
    case 'I':
      for (double number : value.numbers)
        if (!within(number, INT32_MIN, INT32_MAX)) return false;
      return true;
    default:
      return true;
  }
}

}  // namespace

const Table* tables() {
  static const Table all[kTables] = {files(), process(),   events(),  namespaces(), channel(),
                                     text(),  launching(), devices(), sockets(), network(),    terminals()};
  return all;
}

const Call* find(const char* name) {
  for (size_t at = 0; at < kTables; at++)
    for (size_t row = 0; row < tables()[at].size; row++)
      if (!strcmp(tables()[at].rows[row].name, name)) return &tables()[at].rows[row];
  return nullptr;
}

Result invoke(const Call& call, const Args& args) {
  for (size_t at = 0; call.takes[at]; at++)
    if (!fits(call.takes[at], args.values[at])) return Result::fail(call.name, EINVAL);
  Result result = call.run(args);
  if (result.kind != Result::Kind::Error || !result.subject.empty()) return result;
  if (const char* path = strchr(call.takes, 't')) result.subject = args.values[path - call.takes].text;
  return result;
}

std::string message(const Result& error) {
  std::string cause = strerror(error.error);
  if (cause.size() > 1 && cause[1] >= 'a' && cause[1] <= 'z' && cause[0] >= 'A' && cause[0] <= 'Z') cause[0] |= 0x20;
  std::string text = error.syscall;
  if (!error.subject.empty()) text += " " + error.subject;
  return text + ": " + cause;
}

}  // namespace core
