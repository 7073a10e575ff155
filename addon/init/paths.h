// Container paths: opened below the root's descriptor, symbolic links resolved inside it, never out of it (rules R2, R6).
// openat2(2) does it where it can; else, and wherever something is to be made, one component after the other does.
#pragma once
#include "walker.h"

enum class Target { Any, Directory, File };

struct Lookup {
  Target make = Target::Any;   // what is made when the path, or a directory on the way, is missing; Any: nothing is made
  bool noSymlinks = false;     // a symbolic link anywhere on the way is ELOOP
  bool noFollow = false;       // a symbolic link at the end is what is opened
  bool noCrossing = false;     // a mount on the way is EXDEV
};

// Opens a container path as O_PATH below walker.root.
Result openInRoot(Walker& walker, const char* path, const Lookup& lookup, Fd& out);

// Opens the directory of a container path, made if missing, and gives its last component: no link, and not "." or "..".
Result openParent(Walker& walker, const char* path, Fd& parent, const char*& name);

// Opens a name of a directory for use: no link, and nothing that is mounted on it.
Result openMember(Walker& walker, int directory, const char* name, int flags, Fd& out);

// Opens an existing regular file of the container for reading.
Result openFile(Walker& walker, const char* path, Fd& out);

// Opens a file below the verified host procfs for writing, crossing neither mounts nor links (R4).
Result openProc(Walker& walker, const char* path, Fd& out);

// Takes the host's procfs, unless it is taken already, and verifies that it is one, at its root.
Result takeProc(Walker& walker);

// Gives walker.root, or / where no step has opened one (exec into an existing container).
Result rootOf(Walker& walker);

// statx of an open descriptor itself.
long status(int fd, sys::Statx& out);
inline uint32_t typeOf(const sys::Statx& stat) { return stat.mode & sys::kTypeMask; }

// "self/fd/N", to be used with the verified procfs as directory: what is open as N, without resolving a path twice.
class ProcPath {
 public:
  explicit ProcPath(int fd) { text::Writer(path_, sizeof path_).add("self/fd/").number(static_cast<uint64_t>(fd)); }
  const char* get() const { return path_; }

 private:
  char path_[32];
};
