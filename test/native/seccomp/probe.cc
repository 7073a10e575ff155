// What the kernel does with seccomp filters.
//
// probe calls FLAGS PROGRAM CALLS RESULTS: makes each call in a child of its own, under the filter, as nobody.
//   PROGRAM  array of struct sock_filter
//   CALLS    records of 7 words of 64 bits: number | way << 32 (way 0: syscall, 1: int 0x80), then six arguments
//   RESULTS  one signed word of 32 bits per call: errno, 0 for success, or minus the signal that ended the child
// probe dump PID INDEX PROGRAM: writes a filter of a running process, 0 being the one loaded last.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

constexpr unsigned kNobody = 65534;
constexpr int32_t kUnanswered = INT32_MIN;
constexpr int kTries = 500;
constexpr unsigned kPause = 10'000;

struct Call {
  uint64_t number;
  uint64_t args[6];
};

[[noreturn]] void fail(const char* what) {
  perror(what);
  exit(1);
}

template <typename T>
std::vector<T> read_all(const char* path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) fail(path);
  std::vector<T> items(static_cast<size_t>(status.st_size) / sizeof(T));
  if (read(fd, items.data(), items.size() * sizeof(T)) != status.st_size) fail(path);
  close(fd);
  return items;
}

template <typename T>
void write_all(const char* path, const std::vector<T>& items) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ssize_t size = static_cast<ssize_t>(items.size() * sizeof(T));
  if (fd < 0 || write(fd, items.data(), static_cast<size_t>(size)) != size) fail(path);
  close(fd);
}

long native_call(uint64_t number, const uint64_t* a) {
  long result;
  register uint64_t r10 asm("r10") = a[3];
  register uint64_t r8 asm("r8") = a[4];
  register uint64_t r9 asm("r9") = a[5];
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// The sixth argument would need the frame pointer: left out.
long compat_call(uint64_t number, const uint64_t* a) {
  long result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
               : "r8", "r9", "r10", "r11", "memory");
  return static_cast<int32_t>(result);
}

// Under the filter nothing but the call itself may be needed: the answer goes through memory, the end is a signal.
[[noreturn]] void child(const Call& call, const struct sock_fprog& program, unsigned flags, volatile int32_t* answer) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) fail("setresuid");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0) fail("seccomp");
  uint64_t number = call.number & 0xffffffff;
  long value = (call.number >> 32) != 0 ? compat_call(number, call.args) : native_call(number, call.args);
  *answer = value < 0 && value >= -4095 ? static_cast<int32_t>(-value) : 0;
  __builtin_trap();
}

int calls(char** argv) {
  unsigned flags = static_cast<unsigned>(strtoul(argv[0], nullptr, 0));
  auto code = read_all<struct sock_filter>(argv[1]);
  auto wanted = read_all<Call>(argv[2]);
  struct sock_fprog program = {static_cast<unsigned short>(code.size()), code.data()};
  void* memory = mmap(nullptr, sizeof(int32_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  volatile int32_t* answer = static_cast<volatile int32_t*>(memory);
  std::vector<int32_t> results;
  for (const Call& call : wanted) {
    *answer = kUnanswered;
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) child(call, program, flags, answer);
    int status = 0;
    if (waitpid(pid, &status, 0) != pid) fail("waitpid");
    if (WIFEXITED(status)) return 1;
    results.push_back(*answer == kUnanswered ? -WTERMSIG(status) : *answer);
  }
  write_all(argv[3], results);
  return 0;
}

long trace(long request, pid_t pid, unsigned long address, void* data) {
  return syscall(SYS_ptrace, request, pid, address, data) == 0 ? 0 : -1;
}

int dump(char** argv) {
  pid_t pid = atoi(argv[0]);
  unsigned long index = strtoul(argv[1], nullptr, 0);
  if (trace(PTRACE_SEIZE, pid, 0, nullptr) != 0) fail("PTRACE_SEIZE");
  // A process in the middle of execve forgets that it was interrupted: asked again, it stops.
  pid_t stopped = 0;
  for (int tries = 0; stopped == 0 && tries < kTries; tries++) {
    if (trace(PTRACE_INTERRUPT, pid, 0, nullptr) != 0) fail("PTRACE_INTERRUPT");
    usleep(kPause);
    stopped = waitpid(pid, nullptr, __WALL | WNOHANG);
  }
  if (stopped != pid) fail("waitpid");
  long length = syscall(SYS_ptrace, PTRACE_SECCOMP_GET_FILTER, pid, index, nullptr);
  std::vector<struct sock_filter> code(length < 0 ? 0 : static_cast<size_t>(length));
  if (length < 0 || syscall(SYS_ptrace, PTRACE_SECCOMP_GET_FILTER, pid, index, code.data()) != length) {
    fail("PTRACE_SECCOMP_GET_FILTER");
  }
  trace(PTRACE_DETACH, pid, 0, nullptr);
  write_all(argv[2], code);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string command = argc > 1 ? argv[1] : "";
  if (command == "calls" && argc == 6) return calls(argv + 2);
  if (command == "dump" && argc == 5) return dump(argv + 2);
  fputs("usage: probe calls FLAGS PROGRAM CALLS RESULTS | probe dump PID INDEX PROGRAM\n", stderr);
  return 2;
}
