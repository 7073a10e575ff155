// Starting init: descriptors in their places, whatever is open and whatever the host denies.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <sstream>

#include "../../../addon/core/call.h"
#include "../../../addon/core/launch.h"
#include "../../../addon/core/program.h"
#include "check.h"

using namespace core;

namespace {

double field(const Result& result, const char* name) {
  for (const auto& one : result.record)
    if (!strcmp(one.name, name)) return one.value;
  fprintf(stderr, "no %s: %s\n", name, result.kind == Result::Kind::Error ? message(result).c_str() : "another kind");
  exit(1);
}

std::string word(const std::string& report, const std::string& name) {
  std::istringstream words(report);
  for (std::string one; words >> one;)
    if (one.compare(0, name.size() + 1, name + "=") == 0) return one.substr(name.size() + 1);
  return "";
}

std::string inode(int fd) {
  struct stat status;
  CHECK(::fstat(fd, &status) == 0);
  return std::to_string(status.st_ino);
}

// What the probe reports.
std::string run(const Launch& options) {
  Result started = launch(options);
  int channel = static_cast<int>(field(started, "channel")), pidfd = static_cast<int>(field(started, "pidfd"));
  char report[65536];
  ssize_t size = ::recv(channel, report, sizeof report, 0);
  siginfo_t ended;
  CHECK(::waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &ended, WEXITED) == 0);
  ::close(channel);
  ::close(pidfd);
  CHECK(size > 0);
  return std::string(report, size);
}

int fresh(int at) {
  int made = ::memfd_create("slot", MFD_CLOEXEC);
  if (at < 0 || made == at) return made;
  CHECK(::dup3(made, at, O_CLOEXEC) == at);
  ::close(made);
  return at;
}

void checkSlots(const Launch& options, const std::string& report) {
  int base = 3 + options.preserve;
  SAME(word(report, "arg0"), "tsrun-init");
  SAME(word(report, "arg1"), std::to_string(base));
  SAME(word(report, "arg2"), std::to_string(options.fds.size()));
  for (size_t slot = 0; slot < options.fds.size(); slot++)
    SAME(word(report, "fd" + std::to_string(base + 2 + slot)), inode(options.fds[slot]));
  SAME(word(report, "fd" + std::to_string(base + 2 + options.fds.size())), "");
  for (int fd = 0; fd < 3; fd++) SAME(word(report, "fd" + std::to_string(fd)), inode(fd));
  SAME(word(report, "env"), "0");
}

// The program can't be changed by who gets hold of it in a container, not even once nobody runs it.
void checkProgramIsFixed() {
  std::string path = "/proc/self/fd/" + std::to_string(initProgram());
  struct stat before, after;
  CHECK(::stat(path.c_str(), &before) == 0 && before.st_size > 0);
  int writable = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (writable >= 0) {
    CHECK(::write(writable, "x", 1) == -1 && errno == EPERM);
    CHECK(::ftruncate(writable, 0) == -1 && ::ftruncate(writable, before.st_size + 1) == -1);
    CHECK(::mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, writable, 0) == MAP_FAILED);
    ::close(writable);
  } else {
    CHECK(errno == EROFS);
  }
  CHECK(::stat(path.c_str(), &after) == 0 && after.st_size == before.st_size);
}

// Makes a system call answer with an error from now on, for this process and its children.
void deny(std::initializer_list<int> numbers, int error) {
  std::vector<sock_filter> code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (int number : numbers) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program = {static_cast<unsigned short>(code.size()), code.data()};
  CHECK(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

Launch plain() {
  static const std::string plan = "plan";
  Launch options;
  options.plan = view(plan);
  return options;
}

}  // namespace

void descriptorsAreInPlace() {
  Launch options = plain();
  for (int count = 0; count < 5; count++) options.fds.push_back(fresh(-1));
  checkSlots(options, run(options));
  checkProgramIsFixed();
}

// Sources that lie where others are to go, in every order, and one given twice.
void placesMayOverlap() {
  for (int at = 3; at < 40; at++) ::close(at);
  Launch options = plain();
  for (int at : {9, 8, 5, 6, 7, 4, 3}) options.fds.push_back(fresh(at));
  options.fds.push_back(9);
  options.fds.push_back(0);
  checkSlots(options, run(options));
}

// libuv makes everything that a process inherits CLOEXEC.
void streamsOutliveTheExec() {
  for (int fd = 0; fd < 3; fd++) CHECK(::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
  checkSlots(plain(), run(plain()));
}

void preservedStay() {
  for (int at = 3; at < 40; at++) ::close(at);
  for (int at : {3, 4}) {
    fresh(at);
    ::fcntl(at, F_SETFD, 0);
  }
  Launch options = plain();
  options.preserve = 2;
  options.fds = {fresh(5), 4, fresh(7)};
  std::string report = run(options);
  checkSlots(options, report);
  SAME(word(report, "fd3"), inode(3));
  SAME(word(report, "fd4"), inode(4));
}

// Where the caller has fewer than it says, the numbers are those of the engine's own descriptors.
void engineKeepsItsOwn() {
  for (int at = 3; at < 40; at++) ::close(at);
  for (int at : {3, 4, 5}) fresh(at);
  ::fcntl(3, F_SETFD, 0);
  Launch options = plain();
  options.preserve = 3;
  std::string report = run(options);
  checkSlots(options, report);
  SAME(word(report, "fd3"), inode(3));
  SAME(word(report, "fd4"), "");
  SAME(word(report, "fd5"), "");
}

// What the caller leaked, far up too, and without CLOEXEC.
void nothingElseIsOpen() {
  CHECK(::dup2(1, 300) == 300);
  CHECK(::dup2(1, 12) == 12);
  std::string report = run(plain());
  SAME(word(report, "fd300"), "");
  SAME(word(report, "fd12"), "");
  checkSlots(plain(), report);
}

void lowLimitIsRaised() {
  struct rlimit limit = {40, 4096};
  CHECK(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  Launch options = plain();
  options.fds.assign(100, 1);
  std::string report = run(options);
  checkSlots(options, report);
  SAME(word(report, "nofile"), "4096");
  SAME(word(report, "arg3"), "40");
  limit = {40, 60};
  CHECK(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  Result refused = launch(options);
  CHECK(refused.kind == Result::Kind::Error && refused.error == EMFILE);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  CHECK(limit.rlim_cur == 40);
}

void namespacesAreNew() {
  Launch options = plain();
  options.namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS;
  std::string report = run(options);
  SAME(word(report, "pid"), "1");
  checkSlots(options, report);
  options.launcher = true;
  CHECK(word(run(options), "pid") != "1");
}

// Without any id map an exec would drop them, were they not ambient.
void capabilitiesOutliveTheExec() {
  Launch options = plain();
  options.namespaces = CLONE_NEWUSER | CLONE_NEWNS;
  std::string report = run(options);
  CHECK(std::stoull(word(report, "CapEff")) >= (1ull << 38));
  SAME(word(report, "CapAmb"), word(report, "CapEff"));
}

void failureComesBack() {
  Launch options = plain();
  options.fds = {7777};
  Result failed = launch(options);
  CHECK(failed.kind == Result::Kind::Error);
  SAME(message(failed), "dup3: bad file descriptor");
  options.fds.clear();
  options.cgroup = 1;
  failed = launch(options);
  CHECK(failed.kind == Result::Kind::Error);
  CHECK(::waitpid(-1, nullptr, __WALL) == -1 && errno == ECHILD);
}

// Signals are blocked around the clone only, and an ignored SIGCHLD does not lose the child's end.
void signalsAreOurs() {
  ::signal(SIGCHLD, SIG_IGN);
  std::string report = run(plain());
  CHECK(word(report, "SigBlk") != "0");
  sigset_t now;
  CHECK(::sigprocmask(SIG_SETMASK, nullptr, &now) == 0);
  CHECK(!::sigismember(&now, SIGTERM) && !::sigismember(&now, SIGCHLD));
}

void deniedCalls(int error) {
  Launch options = plain();
  options.fds = {fresh(5), fresh(3), fresh(4)};
  CHECK(::dup2(1, 300) == 300);
  deny({SYS_clone3, SYS_close_range, SYS_execveat}, error);
  std::string report = run(options);
  checkSlots(options, report);
  SAME(word(report, "fd300"), "");
}
void missingCallsAreReplaced() { deniedCalls(ENOSYS); }
void deniedCallsAreReplaced() { deniedCalls(EPERM); }

// As under vm.memfd_noexec=2.
void programWithoutMemfd() {
  std::vector<sock_filter> code = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + 8),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 16, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {static_cast<unsigned short>(code.size()), code.data()};
  CHECK(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
  checkSlots(plain(), run(plain()));
  checkSlots(plain(), run(plain()));
  checkProgramIsFixed();
}

void noProgramAtAll() {
  deny({SYS_memfd_create, 430 /* fsopen */}, EACCES);
  Result failed = launch(plain());
  CHECK(failed.kind == Result::Kind::Error && failed.error == EACCES);
  SAME(failed.syscall, "memfd_create");
}

extern const Test launchTests[];
const Test launchTests[] = {
    {"descriptors are in their places", descriptorsAreInPlace},
    {"places may overlap", placesMayOverlap},
    {"standard streams outlive the exec", streamsOutliveTheExec},
    {"preserved descriptors stay", preservedStay},
    {"the engine's own descriptors are not preserved", engineKeepsItsOwn},
    {"nothing else is open", nothingElseIsOpen},
    {"a low limit is raised for the slots", lowLimitIsRaised},
    {"namespaces are new, and not the launcher's", namespacesAreNew},
    {"capabilities outlive the exec in a new user namespace", capabilitiesOutliveTheExec},
    {"a failure in the child comes back", failureComesBack},
    {"signals stay as they were", signalsAreOurs},
    {"missing calls are replaced", missingCallsAreReplaced},
    {"denied calls are replaced", deniedCallsAreReplaced},
    {"a host without executable memfds gets an unreachable file", programWithoutMemfd},
    {"a host that allows neither is an error", noProgramAtAll},
    {nullptr, nullptr},
};
