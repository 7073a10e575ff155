// The table of everything that JavaScript can ask of the core. Bindings export every row by name.
#pragma once
#include "value.h"

namespace core {

struct Call {
  const char* name;
  // One letter per argument:
  //   i int32   u uint32   n integer of at most 53 bits   w uint64 (bigint)
  //   t text without NUL   x any text   b bytes   d bytes or text   T texts without NUL   I int32s
  const char* takes;
  Result (*run)(const Args&);
};

struct Table {
  const Call* rows;
  size_t size;
};

Table files();
Table process();
Table events();
Table namespaces();
Table channel();
Table text();
Table launching();
Table devices();
Table sockets();
Table network();
Table terminals();

// Every table, in no particular order.
constexpr size_t kTables = 11;
const Table* tables();

// The row of that name, or null.
const Call* find(const char* name);

// Checks the arguments' ranges, runs the call, and names the first path in its error.
Result invoke(const Call& call, const Args& args);

// `what on what: cause`, of a result of kind Error.
std::string message(const Result& error);

}  // namespace core
