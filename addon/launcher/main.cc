// dist/tsrun while Node is behind it: starts node on the bundle that lies beside this file. Node sees nothing of the
// caller's environment (NODE_OPTIONS, LD_PRELOAD ...), which reaches the bundle under names that begin with a colon.
// Static and without libc: NODE is the path of the node that it was built for.
#include "../init/sys.h"

namespace {

constexpr char kNode[] = NODE;
constexpr char kBundle[] = "tsrun.cjs";
constexpr char kLimit[] = "TSRUN_NOFILE=";
constexpr char kInherited[] = "TSRUN_FDS=";
constexpr int kNofile = 7;
constexpr size_t kMarkSize = sizeof kLimit + 20;
constexpr size_t kPathSize = 4096 + sizeof kBundle;

size_t length(const char* text) {
  size_t size = 0;
  while (text[size]) size++;
  return size;
}

char* copy(char* to, const char* text) {
  while (*text) *to++ = *text++;
  *to = 0;
  return to;
}

char* digits(char* to, uint64_t number) {
  if (number >= 10) to = digits(to, number / 10);
  *to++ = static_cast<char>('0' + number % 10);
  *to = 0;
  return to;
}

[[noreturn]] void die(const char* what, const char* which, long error) {
  char text[256 + sizeof kNode];
  char* end = copy(copy(copy(text, "tsrun: "), what), which);
  if (error) end = digits(copy(end, ": errno "), static_cast<uint64_t>(-error));
  end = copy(end, "\n");
  sys::call(__NR_write, 2, text, end - text);
  for (;;) sys::call(__NR_exit_group, 1);
}

// Through all symlinks, so that a link to this file from anywhere finds the bundle.
void findBundle(char* path) {
  long size = sys::call(__NR_readlinkat, sys::kAtFdcwd, "/proc/self/exe", path, 4096);
  if (size <= 0 || size >= 4096) die("can't tell where it is: /proc/self/exe", "", size);
  path[size] = 0;
  size_t at = static_cast<size_t>(size);
  while (at && path[at - 1] != '/') at--;
  copy(path + at, kBundle);
}

// Node raises the soft limit of open files for itself; the containers are to have the caller's.
void markLimit(char* mark) {
  struct {
    uint64_t soft, hard;
  } limit{};
  sys::call(__NR_prlimit64, 0, kNofile, 0, &limit);
  digits(copy(mark, kLimit), limit.soft);
}

// Node makes what it inherits CLOEXEC, and opens more: only here it is known which descriptors are the caller's.
void markInherited(char* mark) {
  int fd = 3;
  while (sys::fcntl(fd, sys::kFGetfd, 0) >= 0) fd++;
  digits(copy(mark, kInherited), static_cast<uint64_t>(fd - 3));
}

char* reserve(size_t size) {
  constexpr int kReadWrite = 3, kPrivateAnonymous = 0x22;
  long at = sys::call(__NR_mmap, 0, size, kReadWrite, kPrivateAnonymous, -1, 0);
  if (at < 0 && at > -4096) die("out of memory", "", at);
  return reinterpret_cast<char*>(at);
}

}  // namespace

extern "C" [[noreturn]] void launch(char** stack) {
  auto count = reinterpret_cast<size_t>(stack[0]);
  char** arguments = stack + 1;
  char** environment = arguments + count + 1;

  size_t variables = 0, bytes = kPathSize + 2 * kMarkSize;
  for (; environment[variables]; variables++) bytes += length(environment[variables]) + 2;
  size_t pointers = (count + 3 + variables + 3) * sizeof(char*);
  char* memory = reserve(pointers + bytes);
  auto** argv = reinterpret_cast<char**>(memory);
  char** envp = argv + count + 3;
  char* path = memory + pointers;
  char* limit = path + kPathSize;
  char* inherited = limit + kMarkSize;
  char* next = inherited + kMarkSize;

  findBundle(path);
  markLimit(limit);
  markInherited(inherited);
  argv[0] = const_cast<char*>(kNode);
  argv[1] = path;
  for (size_t at = 1; at < count; at++) argv[at + 1] = arguments[at];
  envp[0] = limit;
  envp[1] = inherited;
  for (size_t at = 0; at < variables; at++) {
    envp[at + 2] = next;
    *next = ':';
    next = copy(next + 1, environment[at]) + 1;
  }
  long error = sys::call(__NR_execve, kNode, argv, envp);
  die("can't run the node it was built for, ", kNode, error);
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call launch\n hlt");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n mov x29, #0\n mov x0, sp\n bl launch\n brk #1");
#endif
