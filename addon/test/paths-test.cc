// Resolution and creation of container paths on a real directory, with openat2 and with the fallback: never out of the root.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "../init/paths.h"
#include "harness.h"
#include "recorder.h"

namespace fs = std::filesystem;

namespace {

// root/ and, beside it, outside/ that nothing may reach.
class Tree {
 public:
  Tree() {
    char name[] = "/tmp/tsrun-paths-XXXXXX";
    base_ = mkdtemp(name);
    for (const char* directory : {"outside", "root/a/b/c", "root/dir", "root/etc"}) fs::create_directories(base_ / directory);
    std::ofstream(base_ / "outside/secret") << "secret";
    std::ofstream(base_ / "root/a/file") << "file";
    std::ofstream(base_ / "root/etc/passwd") << "root:x:0:0::/root:";
  }
  ~Tree() { fs::remove_all(base_); }
  fs::path base() const { return base_; }
  fs::path root() const { return base_ / "root"; }
  void link(const std::string& target, const std::string& at) { fs::create_symlink(target, root() / at); }
  bool untouched() const {
    size_t entries = 0;
    for (const auto& entry : fs::directory_iterator(base_ / "outside")) entries += entry.exists();
    return entries == 1;
  }

 private:
  fs::path base_;
};

class Opened {
 public:
  Opened(const std::string& root, bool fallback) {
    recorder::reset({1000, 0});
    recorder::real();
    if (fallback) recorder::fails("openat2", ENOSYS);
    walker_.root = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    walker_.proc = -1;
  }
  ~Opened() {
    ::close(walker_.root);
    if (walker_.proc >= 0) ::close(walker_.proc);
  }
  Walker& walker() { return walker_; }

  // "ok PATH-BELOW-ROOT", or the errno's name.
  std::string resolve(const std::string& path, const Lookup& lookup = {}) {
    Fd fd;
    Result result = openInRoot(walker_, path.c_str(), lookup, fd);
    if (result.failed()) return strerrorname_np(result.error);
    return "ok " + where(fd.get());
  }
  std::string make(const std::string& path, Target kind, bool noSymlinks = false) {
    Lookup lookup;
    lookup.make = kind;
    lookup.noSymlinks = noSymlinks;
    return resolve(path, lookup);
  }

 private:
  std::string where(int fd) {
    std::string at = fs::read_symlink("/proc/self/fd/" + std::to_string(fd)), root = fs::read_symlink("/proc/self/fd/" + std::to_string(walker_.root));
    if (at.rfind(root, 0) != 0) return "OUTSIDE " + at;
    return at == root ? "/" : at.substr(root == "/" ? 0 : root.size());
  }
  Walker walker_{};
};

void both(void (*run)(bool fallback)) {
  run(false);
  run(true);
}

}  // namespace

TEST("paths", existing, "existing paths, links and dots stay below the root (CVE-2019-18837, CVE-2021-30465)") {
  both([](bool fallback) {
    Tree tree;
    tree.link("/a/b", "absolute");
    tree.link("a/b", "relative");
    tree.link("../../../../outside", "up");
    tree.link("/../../outside/secret", "up2");
    tree.link((tree.base() / "outside").string(), "host");
    tree.link("loop2", "loop1");
    tree.link("loop1", "loop2");
    tree.link("nothing/here", "dangling");
    tree.link("../relative/c", "a/deep");
    tree.link(".", "here");
    Opened root(tree.root(), fallback);
    struct Case {
      const char* path;
      const char* result;
    };
    const Case cases[] = {{"/", "ok /"}, {"", "ok /"}, {".", "ok /"}, {"/..", "ok /"}, {"../../..", "ok /"}, {"/a/b/c", "ok /a/b/c"},
                          {"a//b/./c/", "ok /a/b/c"}, {"/a/../a/b/../file", "ok /a/file"}, {"/absolute/c", "ok /a/b/c"}, {"/relative", "ok /a/b"},
                          {"/absolute/../file", "ok /a/file"}, {"/up", "ENOENT"}, {"/up2", "ENOENT"}, {"/host/secret", "ENOENT"}, {"/loop1", "ELOOP"},
                          {"/dangling", "ENOENT"}, {"/a/deep", "ok /a/b/c"}, {"/a/file/x", "ENOTDIR"}, {"/a/file/..", "ENOTDIR"}, {"/none/../a", "ENOENT"},
                          {"/here/here/here/a", "ok /a"}, {"/../outside/secret", "ENOENT"}};
    for (const Case& c : cases) EXPECT_EQUAL(std::string(c.path) + " " + root.resolve(c.path), std::string(c.path) + " " + c.result);
    EXPECT_EQUAL(root.resolve(std::string(300, 'x')), "ENAMETOOLONG");
    EXPECT_EQUAL(root.walker().noOpenat2, fallback);
  });
}

TEST("paths", real, "a target that must be a real directory is refused behind any link (CVE-2019-19921, CVE-2025-54867)") {
  both([](bool fallback) {
    Tree tree;
    tree.link("dir", "proc");
    tree.link("a", "link");
    Opened root(tree.root(), fallback);
    EXPECT_EQUAL(root.make("/proc", Target::Directory, true), "ELOOP");
    EXPECT_EQUAL(root.make("/link/b", Target::Directory, true), "ELOOP");
    EXPECT_EQUAL(root.make("/link/new", Target::Directory, true), "ELOOP");
    EXPECT_EQUAL(root.make("/dir/new/../real", Target::Directory, true), "ok /dir/real");
    EXPECT_EQUAL(root.make("/a/b", Target::Directory, true), "ok /a/b");
  });
}

TEST("paths", creation, "what is missing is made below the root, through links too (CVE-2024-45310, CVE-2026-41579)") {
  both([](bool fallback) {
    Tree tree;
    tree.link("/made/by/link", "dangling");
    tree.link((tree.base() / "outside/new").string(), "escape");
    tree.link("../../outside/new2", "escape2");
    tree.link("/dir", "dev");
    Opened root(tree.root(), fallback);
    EXPECT_EQUAL(root.make("/x/y/z", Target::Directory), "ok /x/y/z");
    EXPECT_EQUAL(root.make("/x/y/file", Target::File), "ok /x/y/file");
    EXPECT_EQUAL(root.make("/dangling/more", Target::Directory), "ok /made/by/link/more");
    EXPECT_EQUAL(root.make("/escape", Target::File), "ok " + (tree.base() / "outside/new").string());
    EXPECT_EQUAL(root.make("/escape2/deep", Target::Directory), "ok /outside/new2/deep");
    EXPECT_EQUAL(root.make("/dev/pts/../shm", Target::Directory), "ok /dir/shm");
    EXPECT_EQUAL(root.make("/a/file/x", Target::Directory), "ENOTDIR");
    EXPECT(fs::is_regular_file(tree.root() / "x/y/file"));
    EXPECT(fs::is_directory(tree.root() / "x/y/z"));
    EXPECT(tree.untouched());
  });
}

TEST("paths", existingFile, "what exists is neither opened for writing nor cut short") {
  both([](bool fallback) {
    Tree tree;
    Opened root(tree.root(), fallback);
    EXPECT_EQUAL(root.make("/a/file", Target::File), "ok /a/file");
    EXPECT_EQUAL(root.make("/a/file", Target::Directory), "ok /a/file");
    EXPECT_EQUAL(fs::file_size(tree.root() / "a/file"), size_t{4});
  });
}

TEST("paths", magic, "magic links are refused, the plain ones of procfs are followed") {
  both([](bool fallback) {
    Opened root("/", fallback);
    for (const char* path : {"/proc/self/root/etc", "/proc/self/exe", "/proc/self/cwd", "/proc/self/fd/0", "/proc/self/ns/mnt"})
      EXPECT_EQUAL(root.resolve(path), "ELOOP");
    EXPECT_EQUAL(root.resolve("/proc/self/status"), "ok /proc/" + std::to_string(getpid()) + "/status");
    EXPECT_EQUAL(root.resolve("/proc/mounts"), "ok /proc/" + std::to_string(getpid()) + "/mounts");
  });
}

TEST("paths", crossing, "sysctls don't cross mounts, links or dots (CVE-2019-16884)") {
  both([](bool fallback) {
    Opened root("/", fallback);
    EXPECT(!takeProc(root.walker()).failed());
    Fd fd;
    EXPECT(!openProc(root.walker(), "sys/kernel/hostname", fd).failed());
    EXPECT_EQUAL(openProc(root.walker(), "self/status", fd).error, ELOOP);
    EXPECT_EQUAL(openProc(root.walker(), "sys/../sysrq-trigger", fd).error, EINVAL);
    EXPECT_EQUAL(openProc(root.walker(), "sys/none", fd).error, ENOENT);
    if (::access("/proc/sys/fs/binfmt_misc/register", F_OK) == 0)
      EXPECT_EQUAL(openProc(root.walker(), "sys/fs/binfmt_misc/status", fd).error, EXDEV);
    EXPECT_EQUAL(root.walker().noOpenat2, fallback);
  });
}

TEST("paths", files, "only regular files are opened for reading") {
  both([](bool fallback) {
    Tree tree;
    Opened root(tree.root(), fallback);
    EXPECT(!takeProc(root.walker()).failed());
    EXPECT(mkfifo((tree.root() / "fifo").c_str(), 0600) == 0);
    tree.link("fifo", "link");
    tree.link("etc/passwd", "passwd");
    Fd fd;
    EXPECT_EQUAL(openFile(root.walker(), "/fifo", fd).error, EINVAL);
    EXPECT_EQUAL(openFile(root.walker(), "/link", fd).error, EINVAL);
    EXPECT_EQUAL(openFile(root.walker(), "/etc", fd).error, EINVAL);
    EXPECT_EQUAL(openFile(root.walker(), "/none", fd).error, ENOENT);
    EXPECT(!openFile(root.walker(), "/passwd", fd).failed());
    char buffer[4] = "";
    EXPECT_EQUAL(::read(fd.get(), buffer, sizeof buffer), ssize_t{4});
    EXPECT(memcmp(buffer, "root", 4) == 0);
  });
}

TEST("paths", parents, "a parent is made, a last component that is no name is refused") {
  both([](bool fallback) {
    Tree tree;
    tree.link("/dir", "dev");
    Opened root(tree.root(), fallback);
    for (const char* path : {"/", "", "/dev/", "/dev/.", "/dev/.."}) {
      Fd parent;
      const char* name;
      EXPECT_EQUAL(openParent(root.walker(), path, parent, name).error, EINVAL);
    }
    Fd parent;
    const char* name;
    EXPECT(!openParent(root.walker(), "/dev/new/null", parent, name).failed());
    EXPECT_EQUAL(std::string(name), "null");
    EXPECT(fs::is_directory(tree.root() / "dir/new"));
  });
}

TEST("paths", race, "a directory that turns into a link meanwhile leads nowhere else (CVE-2021-30465, CVE-2024-45310)") {
  both([](bool fallback) {
    Tree tree;
    fs::create_directories(tree.root() / "swap/inner");
    fs::create_symlink(tree.base() / "outside", tree.root() / "evil");
    fs::create_symlink("../../../outside", tree.root() / "evil2");
    std::atomic<bool> stop{false};
    std::thread other([&] {
      std::string swap = tree.root() / "swap";
      for (int i = 0; !stop; i++) syscall(SYS_renameat2, AT_FDCWD, swap.c_str(), AT_FDCWD, (tree.root() / (i % 2 ? "evil" : "evil2")).c_str(), 2);
    });
    Opened root(tree.root(), fallback);
    auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(harness::argument(0, 300));
    for (int i = 0; std::chrono::steady_clock::now() < end; i++) {
      std::string made = root.make("/swap/made" + std::to_string(i % 7), i % 2 ? Target::File : Target::Directory);
      EXPECT(made.rfind("ok OUTSIDE", 0) != 0);
      Fd fd;
      EXPECT(openInRoot(root.walker(), "/swap/secret", Lookup(), fd).failed());
    }
    stop = true;
    other.join();
    EXPECT(tree.untouched());
  });
}
