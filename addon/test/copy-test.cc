// Copies of real directories, with what the newer calls give and without them: nothing but what lies below is read.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "../init/copy.h"
#include "../init/paths.h"
#include "harness.h"
#include "recorder.h"

namespace fs = std::filesystem;

namespace {

class Folders {
 public:
  Folders() {
    char name[] = "/tmp/tsrun-copy-XXXXXX";
    ::umask(0);
    base_ = mkdtemp(name);
    for (const char* directory : {"from", "to", "outside"}) fs::create_directories(base_ / directory);
    std::ofstream(base_ / "outside/secret") << "secret";
  }
  ~Folders() { fs::remove_all(base_); }
  fs::path from() const { return base_ / "from"; }
  fs::path to() const { return base_ / "to"; }
  fs::path outside() const { return base_ / "outside"; }

 private:
  fs::path base_;
};

enum Way { Newest, NoOpenat2, NoProc, Oldest, Ways };

// What the copy comes to: 0, or the errno.
int copied(const Folders& folders, Way way, const char* denied = nullptr, int error = 0) {
  recorder::reset({1000, 0});
  recorder::real();
  if (way == NoOpenat2 || way == Oldest) recorder::fails("openat2", ENOSYS);
  if (denied) recorder::fails(denied, error);
  Walker walker{};
  walker.channel = -1;
  walker.proc = -1;
  if (way == Newest || way == NoOpenat2) takeProc(walker).failed();
  Fd from(::open(folders.from().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), to(::open(folders.to().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Result result = copyTree(walker, from.get(), to.get(), true);
  if (walker.proc >= 0) ::close(walker.proc);
  return result.error;
}

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct stat attributes(const fs::path& path) {
  struct stat found {};
  ::lstat(path.c_str(), &found);
  return found;
}

size_t descriptors() {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) count += entry.is_symlink();
  return count;
}

}  // namespace

TEST("copy", tree, "files, directories, links and nodes, in every way") {
  for (int way = 0; way < Ways; way++) {
    Folders folders;
    fs::create_directories(folders.from() / "a/b/c");
    std::ofstream(folders.from() / "a/b/file") << std::string(100000, 'x') << "end";
    ::truncate((folders.from() / "a/b/file").c_str(), 5 << 20);
    ::chmod((folders.from() / "a/b/file").c_str(), 0641);
    ::chmod((folders.from() / "a").c_str(), 02750);
    fs::create_symlink("b/file", folders.from() / "a/link");
    fs::create_symlink(folders.outside().string(), folders.from() / "elsewhere");
    ::mkfifo((folders.from() / "a/fifo").c_str(), 0602);
    size_t open = descriptors();
    EXPECT_EQUAL(copied(folders, static_cast<Way>(way)), 0);
    EXPECT_EQUAL(descriptors(), open);
    EXPECT(content(folders.to() / "a/b/file") == content(folders.from() / "a/b/file"));
    EXPECT_EQUAL(attributes(folders.to() / "a/b/file").st_mode, static_cast<mode_t>(S_IFREG | 0641));
    EXPECT(attributes(folders.to() / "a/b/file").st_blocks * 512 < 1 << 20);
    EXPECT_EQUAL(attributes(folders.to() / "a").st_mode, static_cast<mode_t>(S_IFDIR | 02750));
    EXPECT_EQUAL(attributes(folders.to() / "a").st_mtim.tv_nsec, attributes(folders.from() / "a").st_mtim.tv_nsec);
    EXPECT_EQUAL(attributes(folders.to() / "a/fifo").st_mode, static_cast<mode_t>(S_IFIFO | 0602));
    EXPECT_EQUAL(fs::read_symlink(folders.to() / "a/link").string(), std::string("b/file"));
    EXPECT_EQUAL(fs::read_symlink(folders.to() / "elsewhere").string(), folders.outside().string());
  }
}

TEST("copy", deep, "a tree that is too deep is an error, and leaves nothing open") {
  Folders folders;
  fs::path at = folders.from();
  for (int depth = 0; depth < 127; depth++) at /= "d";
  fs::create_directories(at);
  size_t open = descriptors();
  EXPECT_EQUAL(copied(folders, Newest), 0);
  fs::create_directories(at / "d");
  fs::remove_all(folders.to() / "d");
  EXPECT_EQUAL(copied(folders, Newest), ENAMETOOLONG);
  EXPECT_EQUAL(descriptors(), open);
}

TEST("copy", many, "a directory larger than what is read at once, with directories in it") {
  Folders folders;
  for (int index = 0; index < 500; index++) fs::create_directories(folders.from() / ("a-rather-long-name-" + std::to_string(index)) / "inner");
  EXPECT_EQUAL(copied(folders, Newest), 0);
  size_t found = 0;
  for (const auto& entry : fs::directory_iterator(folders.to())) found += fs::exists(entry.path() / "inner");
  EXPECT_EQUAL(found, size_t{500});
}

TEST("copy", splice, "without sendfile the bytes go by read and write") {
  Folders folders;
  std::ofstream(folders.from() / "file") << std::string(10000, 'y');
  EXPECT_EQUAL(copied(folders, Newest, "sendfile", EINVAL), 0);
  EXPECT(content(folders.to() / "file") == std::string(10000, 'y'));
}

TEST("copy", unmapped, "an owner that there is no id for is left, other refusals are errors") {
  Folders folders;
  std::ofstream(folders.from() / "file") << "x";
  EXPECT_EQUAL(copied(folders, Newest, "fchownat", EINVAL), 0);
  fs::remove(folders.to() / "file");
  EXPECT_EQUAL(copied(folders, Newest, "fchownat", EPERM), EPERM);
}

TEST("copy", race, "a file exchanged for a link to the outside is never followed (CVE-2021-30465)") {
  for (Way way : {Newest, Oldest}) {
    Folders folders;
    fs::path swapped = folders.from() / "swapped", other = folders.from() / "other";
    std::ofstream(swapped) << "inside";
    fs::create_symlink(folders.outside() / "secret", other);
    std::atomic<bool> done{false};
    std::thread swapping([&] {
      while (!done) ::syscall(SYS_renameat2, AT_FDCWD, swapped.c_str(), AT_FDCWD, other.c_str(), 2 /* RENAME_EXCHANGE */);
    });
    for (int round = 0; round < 300; round++) {
      int error = copied(folders, way);
      EXPECT(error == 0 || error == ELOOP || error == ESTALE || error == EINVAL);
      for (const char* name : {"swapped", "other"}) {
        fs::path made = folders.to() / name;
        if (fs::is_symlink(fs::symlink_status(made))) continue;
        if (fs::exists(made)) EXPECT(content(made) == "inside" || content(made).empty());
      }
      for (const auto& entry : fs::directory_iterator(folders.to())) fs::remove(entry.path());
    }
    done = true;
    swapping.join();
  }
}
