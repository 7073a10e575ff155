// The walker: one static state, one small function per step. It decides nothing; what isn't in the plan doesn't happen.
#pragma once
#include "fd.h"
#include "plan.h"
#include "sys.h"
#include "text.h"

// What a step came to: error 0 is success; else the operation that failed and its errno (exit status or signal for hooks).
struct [[nodiscard]] Result {
  wire::Operation operation;
  int error;
  bool failed() const { return error != 0; }
  bool denied() const { return error == ENOSYS || error == EPERM; }
};
constexpr Result kDone{wire::Operation::None, 0};
constexpr Result fault(wire::Operation operation, int error) { return {operation, error}; }
// Of a system call's result.
constexpr Result outcome(wire::Operation operation, long result) { return result < 0 ? Result{operation, static_cast<int>(-result)} : kDone; }

// A mount that masks cover things with: detached, then attached by the first mask, whose mount the later ones copy (before
// 6.15 a detached tree can't be copied).
struct Cover {
  enum State { None, Detached, Attached, Path } state;  // Path: only an O_PATH descriptor, as open_tree is denied
  int fd;
};

struct Walker {
  Plan plan;
  Descriptors descriptors;
  int channel;            // where messages go: the channel, then the report fifo
  bool channelIsSocket;
  bool fresh;             // just cloned: the parent sends Go without being asked
  bool finished;          // the launcher has done its last step
  bool dumpableUntilGo;   // a new user namespace: the parent needs access to /proc/PID until the id maps are written
  uint32_t step;

  bool restoreSoft;       // launch raised RLIMIT_NOFILE's soft limit
  uint64_t soft;

  int root;               // the container's root, mounted; -1: none yet
  int proc;               // the host's procfs, verified; -1: none
  Cover null;             // the host's /dev/null, verified
  Cover empty;            // an empty read-only tmpfs
  int master;             // the terminal's, until it has been sent; -1: none
  int terminal;           // its other end, which becomes the program's; -1: none
  bool rootBound;         // the root is a mount of its own
  bool userNamespace;     // the container has one, new or joined
  bool hostPeers;         // trees of the parent's may go on sharing their mounts with the host, as the config demands
  bool rootLeft;          // pivotRoot or chroot has been done: paths no longer lead to the host

  bool noOpenat2;         // denied or missing here, found out once
  bool noTrees;           // the same of open_tree and move_mount
  bool foundHome;
  char detail[sizeof(wire::Message::detail)];
  char home[1024];
  char program[4096];

  const char* text(uint32_t offset) const { return plan.text(offset); }
  int slot(int32_t index) const { return descriptors.base + 2 + index; }
  void note(const char* s, size_t most = sizeof(wire::Message::detail)) { text::Writer(detail, sizeof detail).add(s, most); }
};

// Walks from the record after clone to the end. Returns the exit status: only failures and the launcher return.
int walk(Walker& walker);

// Sends one message; walker.detail is its text. Nobody listening is no error.
void report(const Walker& walker, wire::Report kind, Result result, uint64_t value = 0);

// Puts back the soft limit of open files that launch has raised for its own needs: before the plan sets limits, or the exec.
Result restoreLimit(Walker& walker);

// Walks one step.
Result dispatch(Walker& walker, const wire::RecordHeader& record);
