// Files and directories.
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "call.h"
#include "fd.h"
#include "read.h"

namespace core {
namespace {

constexpr size_t kMaxRead = 64 << 20;

Result open(const Args& args) {
  return Result::numberOrFail("open", uninterrupted([&] {
                                  return ::open(args.text(0), args.integer(1) | O_CLOEXEC, args.natural(2));
                                }));
}

Result openat(const Args& args) {
  return Result::numberOrFail("openat", uninterrupted([&] {
                                  return ::openat(args.integer(0), args.text(1), args.integer(2) | O_CLOEXEC,
                                                  args.natural(3));
                                }));
}

Result openDirectory(const Args& args) {
  return Result::numberOrFail("open", uninterrupted([&] {
                                return ::open(args.text(0), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                              }));
}

Result close(const Args& args) { return Result::nothingOrFail("close", ::close(args.integer(0))); }

Result read(const Args& args) {
  if (args.natural(1) > kMaxRead) return Result::fail("read", EINVAL);
  Buffer buffer(args.natural(1));
  if (!buffer) return Result::fail("read", ENOMEM);
  ssize_t got = uninterrupted([&] { return ::read(args.integer(0), buffer.data(), buffer.size()); });
  if (got < 0) return Result::fail("read", errno);
  buffer.shrink(got);
  return Result::of(Result::Kind::Bytes, std::move(buffer));
}

Result write(const Args& args) {
  View data = args.data(1);
  return Result::numberOrFail("write",
                                uninterrupted([&] { return ::write(args.integer(0), data.data, data.size); }));
}

Result wholeFile(const Args& args, Result::Kind kind) {
  Fd file(uninterrupted([&] { return ::open(args.text(0), O_RDONLY | O_CLOEXEC); }));
  if (!file) return Result::fail("open", errno);
  Buffer content;
  if (int error = readAll(file.get(), args.natural(1), 0, content)) return Result::fail("read", error);
  return Result::of(kind, std::move(content));
}

Result readFile(const Args& args) { return wholeFile(args, Result::Kind::Text); }
Result readFileBytes(const Args& args) { return wholeFile(args, Result::Kind::Bytes); }

Result writeFile(const Args& args) {
  View data = args.data(1);
  Fd file(uninterrupted([&] { return ::open(args.text(0), args.integer(2) | O_CLOEXEC, args.natural(3)); }));
  if (!file) return Result::fail("open", errno);
  ssize_t wrote = uninterrupted([&] { return ::write(file.get(), data.data, data.size); });
  if (wrote < 0) return Result::fail("write", errno);
  if (static_cast<size_t>(wrote) != data.size) return Result::fail("write", EIO);
  return Result::nothingOrFail("close", ::close(file.release()));
}

Result mkdir(const Args& args) { return Result::nothingOrFail("mkdir", ::mkdir(args.text(0), args.natural(1))); }
Result rmdir(const Args& args) { return Result::nothingOrFail("rmdir", ::rmdir(args.text(0))); }
Result unlink(const Args& args) { return Result::nothingOrFail("unlink", ::unlink(args.text(0))); }
Result rename(const Args& args) { return Result::nothingOrFail("rename", ::rename(args.text(0), args.text(1))); }
Result link(const Args& args) { return Result::nothingOrFail("link", ::link(args.text(0), args.text(1))); }
Result symlink(const Args& args) { return Result::nothingOrFail("symlink", ::symlink(args.text(0), args.text(1))); }
Result mkfifo(const Args& args) { return Result::nothingOrFail("mkfifo", ::mkfifo(args.text(0), args.natural(1))); }
Result chmod(const Args& args) { return Result::nothingOrFail("chmod", ::chmod(args.text(0), args.natural(1))); }
Result chown(const Args& args) {
  return Result::nothingOrFail("chown", ::chown(args.text(0), args.natural(1), args.natural(2)));
}
Result ftruncate(const Args& args) {
  return Result::nothingOrFail("ftruncate", ::ftruncate(args.integer(0), args.wide(1)));
}
Result fsync(const Args& args) { return Result::nothingOrFail("fsync", ::fsync(args.integer(0))); }
Result flock(const Args& args) {
  return Result::nothingOrFail("flock",
                                 uninterrupted([&] { return ::flock(args.integer(0), args.integer(1)); }));
}
Result access(const Args& args) {
  return Result::nothingOrFail("faccessat", ::faccessat(AT_FDCWD, args.text(0), args.integer(1), AT_EACCESS));
}

Result status(const char* syscall, int outcome, const struct stat& found) {
  if (outcome < 0) return Result::fail(syscall, errno);
  return Result::of(std::vector<Field>{
      {"mode", static_cast<double>(found.st_mode)},
      {"uid", static_cast<double>(found.st_uid)},
      {"gid", static_cast<double>(found.st_gid)},
      {"size", static_cast<double>(found.st_size)},
      {"dev", static_cast<double>(found.st_dev)},
      {"ino", static_cast<double>(found.st_ino)},
      {"rdevMajor", static_cast<double>(major(found.st_rdev))},
      {"rdevMinor", static_cast<double>(minor(found.st_rdev))},
  });
}

Result stat(const Args& args) {
  struct stat found;
  int outcome = ::stat(args.text(0), &found);
  return status("stat", outcome, found);
}
Result lstat(const Args& args) {
  struct stat found;
  int outcome = ::lstat(args.text(0), &found);
  return status("lstat", outcome, found);
}
Result fstat(const Args& args) {
  struct stat found;
  int outcome = ::fstat(args.integer(0), &found);
  return status("fstat", outcome, found);
}

Result statfs(const Args& args) {
  struct statfs found;
  if (::statfs(args.text(0), &found) < 0) return Result::fail("statfs", errno);
  return Result::of(std::vector<Field>{{"type", static_cast<double>(static_cast<uint32_t>(found.f_type))},
                                       {"flags", static_cast<double>(static_cast<uint32_t>(found.f_flags))}});
}

Result readlink(const Args& args) {
  Buffer target(PATH_MAX);
  if (!target) return Result::fail("readlink", ENOMEM);
  ssize_t length = ::readlink(args.text(0), reinterpret_cast<char*>(target.data()), target.size());
  if (length < 0) return Result::fail("readlink", errno);
  if (length == PATH_MAX) return Result::fail("readlink", ENAMETOOLONG);
  target.shrink(length);
  return Result::of(Result::Kind::Text, std::move(target));
}

Result readdir(const Args& args) {
  DIR* directory = ::opendir(args.text(0));
  if (!directory) return Result::fail("opendir", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory))
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) names.emplace_back(entry->d_name);
  int error = errno;
  ::closedir(directory);
  return error ? Result::fail("readdir", error) : Result::of(std::move(names));
}

Result realpath(const Args& args) {
  char* found = ::realpath(args.text(0), nullptr);
  if (!found) return Result::fail("realpath", errno);
  Buffer path(strlen(found));
  if (path) memcpy(path.data(), found, path.size());
  ::free(found);
  return Result::of(Result::Kind::Text, std::move(path));
}

// Three and up, so that a copy never takes the place of a closed standard stream.
Result dup(const Args& args) {
  return Result::numberOrFail("dup", ::fcntl(args.integer(0), F_DUPFD_CLOEXEC, 3));
}

// Clears CLOEXEC, which libuv sets on what a process inherits.
Result keepOpen(const Args& args) { return Result::nothingOrFail("fcntl", ::fcntl(args.integer(0), F_SETFD, 0)); }

Result setNonblocking(const Args& args) {
  int flags = ::fcntl(args.integer(0), F_GETFL);
  if (flags < 0) return Result::fail("fcntl", errno);
  return Result::nothingOrFail("fcntl", ::fcntl(args.integer(0), F_SETFL, flags | O_NONBLOCK));
}

const Call rows[] = {
    {"open", "tiu", open},
    {"openat", "itiu", openat},
    {"openDirectory", "t", openDirectory},
    {"close", "i", close},
    {"read", "iu", read},
    {"write", "id", write},
    {"readFile", "tu", readFile},
    {"readFileBytes", "tu", readFileBytes},
    {"writeFile", "tdiu", writeFile},
    {"mkdir", "tu", mkdir},
    {"rmdir", "t", rmdir},
    {"unlink", "t", unlink},
    {"rename", "tt", rename},
    {"link", "tt", link},
    {"symlink", "tt", symlink},
    {"mkfifo", "tu", mkfifo},
    {"stat", "t", stat},
    {"lstat", "t", lstat},
    {"fstat", "i", fstat},
    {"readlink", "t", readlink},
    {"readdir", "t", readdir},
    {"chmod", "tu", chmod},
    {"chown", "tuu", chown},
    {"ftruncate", "in", ftruncate},
    {"fsync", "i", fsync},
    {"flock", "ii", flock},
    {"access", "ti", access},
    {"statfs", "t", statfs},
    {"realpath", "t", realpath},
    {"dup", "i", dup},
    {"keepOpen", "i", keepOpen},
    {"setNonblocking", "i", setNonblocking},
};

}  // namespace

Table files() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
