#include "recorder.h"

#include <setjmp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "harness.h"

namespace recorder {
namespace {

enum class Mode { Model, Chance, Real };
struct State {
  Mode mode = Mode::Model;
  std::vector<std::string> lines, messages;
  std::map<int, std::string> open;  // what each descriptor has been opened as
  std::set<int> given;              // those of the plan, which a broken plan may use twice
  std::map<std::string, File> files;
  std::map<std::string, int> failures;
  std::map<long, std::unique_ptr<uint8_t[]>> pages;
  std::function<std::optional<long>(const Call&)> answer;
  std::vector<uint32_t> goes;
  size_t gone = 0, calls = 0, most = ~size_t{0};
  int next = 10;
  std::mt19937_64 random;
  unsigned odds = 12;  // one call in so many fails
};
State state;
jmp_buf stopped;
bool running = false;

bool isOpen(int fd) { return state.mode == Mode::Real || (fd >= 0 && fd < 3) || state.open.count(fd) || state.given.count(fd); }

void noteMessage(const void* data, size_t size) {
  if (size != sizeof(wire::Message)) return;
  wire::Message message;
  memcpy(&message, data, sizeof message);
  if (!memchr(message.detail, 0, sizeof message.detail)) harness::fail("report", 0, "a detail without an end");
  static const char* const kinds[] = {"reached", "fault", "cloned", "walked", "notice"};
  if (static_cast<unsigned>(message.report) > 4) return;
  state.messages.push_back(std::string(kinds[static_cast<unsigned>(message.report)]) + " " + std::to_string(message.step) + " " +
                           std::to_string(static_cast<unsigned>(message.operation)) + " " + std::to_string(message.error) +
                           (message.detail[0] ? std::string(" ") + message.detail : ""));
}

long opened(const std::string& as) {
  int fd = state.next++;
  state.open[fd] = as;
  return fd;
}

bool isPeer(const Call& call) { return is(call, "ioctl") && call.args[1] == static_cast<long>(sys::kTiocgptpeer); }

bool opens(const Call& call) {
  if (isPeer(call)) return true;
  for (const char* name : {"openat", "openat2", "open_tree", "fsopen", "fsmount", "socket"})
    if (is(call, name)) return true;
  return false;
}

std::string pathOf(const Call& call) {
  auto text = [&](int i) { return std::string(call.args[i] ? reinterpret_cast<const char*>(call.args[i]) : ""); };
  int dir = static_cast<int>(call.args[0]);
  std::string below = state.open.count(dir) ? state.open[dir] : "";
  if (is(call, "fsopen")) return text(0);
  if (isPeer(call)) return "terminal";
  if (is(call, "fsmount") || is(call, "socket")) return std::string(call.name);
  if (text(1).empty() || text(1) == ".") return below;
  if (text(1)[0] == '/') return (is(call, "openat2") ? "root:" : "") + text(1);
  return below + "/" + text(1);
}

void fillStatx(const Call& call, sys::Statx& out) {
  std::string path = state.open.count(static_cast<int>(call.args[0])) ? state.open[static_cast<int>(call.args[0])] : "";
  const auto* name = reinterpret_cast<const char*>(call.args[1]);
  if (*name) path = name;
  File file = state.files.count(path) ? state.files[path] : File{};
  out = {};
  out.mode = static_cast<uint16_t>(file.type | 0755);
  out.ino = path == "/proc" ? 1 : std::hash<std::string>()(path) | 0x100;
  out.rdevMajor = file.major;
  out.rdevMinor = file.minor;
  out.mntId = file.mount;
  out.size = 4096;
}

long readModel(const Call& call) {
  if (call.args[2] != sizeof(wire::Go)) return call.args[2] == 1 ? 1 : 0;
  if (state.gone == state.goes.size()) return 0;
  wire::Go go{state.goes[state.gone++]};
  memcpy(reinterpret_cast<void*>(call.args[1]), &go, sizeof go);
  return sizeof go;
}

long mapPages(const Call& call) {
  auto pages = std::make_unique<uint8_t[]>(static_cast<size_t>(call.args[1]));
  long at = sys::word(pages.get());
  state.pages[at] = std::move(pages);
  return at;
}

long answerModel(const Call& call) {
  if (opens(call)) return opened(pathOf(call));
  if (is(call, "fcntl") && call.args[1] == sys::kFDupfdCloexec) return opened(state.open[static_cast<int>(call.args[0])]);
  if (is(call, "statx")) return fillStatx(call, *reinterpret_cast<sys::Statx*>(call.args[4])), 0;
  if (is(call, "fstatfs")) return reinterpret_cast<sys::Statfs*>(call.args[1])->type = sys::kProcMagic, 0;
  if (is(call, "read")) return readModel(call);
  if (is(call, "write") || is(call, "sendto")) return call.args[2];
  if (is(call, "mmap")) return mapPages(call);
  if (is(call, "getcwd")) return strcpy(reinterpret_cast<char*>(call.args[0]), "/"), 2;
  if (is(call, "pipe2")) {
    auto* ends = reinterpret_cast<int*>(call.args[0]);
    ends[0] = static_cast<int>(opened("pipe"));
    ends[1] = static_cast<int>(opened("pipe"));
  }
  if (is(call, "capget")) memset(reinterpret_cast<void*>(call.args[1]), 0xff, 2 * sizeof(sys::CapData));
  if (is(call, "keyctl") && call.args[0] == 6) return strcpy(reinterpret_cast<char*>(call.args[2]), "keyring;0;0;3f1b0000;x"), 23;
  if (is(call, "keyctl") || is(call, "clone3")) return 77;
  if (is(call, "execve")) return -ENOEXEC;
  if (is(call, "ppoll")) return reinterpret_cast<sys::PollFd*>(call.args[0])->revents = sys::kPollIn, 1;
  return 0;
}

// Memory that the kernel fills, filled with anything.
void scribble(const Call& call) {
  auto fill = [](long at, size_t size) {
    if (!at) return;
    auto* bytes = reinterpret_cast<uint8_t*>(at);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(state.random());
  };
  if (is(call, "statx") && state.random() % state.odds == 0) fill(call.args[4], sizeof(sys::Statx));
  if (is(call, "fstatfs") && state.random() % state.odds == 0) fill(call.args[1], sizeof(sys::Statfs));
  if (is(call, "capget")) fill(call.args[1], 2 * sizeof(sys::CapData));
  if (is(call, "clock_gettime")) reinterpret_cast<sys::Timespec*>(call.args[1])->sec = static_cast<int64_t>(state.calls);
  if (is(call, "wait4") && state.random() % 2) fill(call.args[1], 4);
  if (is(call, "prlimit")) fill(call.args[3], sizeof(sys::Rlimit));
  if (is(call, "ppoll")) fill(call.args[0], sizeof(sys::PollFd) * 2);
}

long fillText(long at, long size) {
  static const char* const texts[] = {"", "..", "/", "a", "/a/b/../c", "x/", "../../..", "keyring;0;0;zz;", ";;;ffffffffffffffffffffff;", "root:x:0:0::/root:\n",
                                      "(unreachable)/"};
  auto* bytes = reinterpret_cast<char*>(at);
  if (state.random() % 8 == 0) {
    memset(bytes, 'y', static_cast<size_t>(size));
    return size;
  }
  std::string text = texts[state.random() % (sizeof texts / sizeof *texts)];
  size_t length = std::min(text.size() + 1, static_cast<size_t>(size));
  memcpy(bytes, text.c_str(), length);
  return static_cast<long>(std::min(text.size(), static_cast<size_t>(size)));
}

// A few entries as the kernel writes them: whole, and no longer than the buffer.
long fillEntries(const Call& call) {
  static const char* const names[] = {".", "..", "a", "folder", "long-name-of-a-file"};
  auto* bytes = reinterpret_cast<uint8_t*>(call.args[1]);
  long size = 0;
  for (auto count = state.random() % 8; count > 4; count--) {
    std::string name = names[state.random() % (sizeof names / sizeof *names)];
    auto length = static_cast<uint16_t>((19 + name.size() + 1 + 7) / 8 * 8);
    memset(bytes + size, 0, length);
    memcpy(bytes + size + 16, &length, sizeof length);
    memcpy(bytes + size + 19, name.c_str(), name.size() + 1);
    size += length;
  }
  return size;
}

long answerChance(const Call& call) {
  static const int errors[] = {ENOSYS, EPERM, ENOENT, EINVAL, EAGAIN, EEXIST, EINTR, ELOOP, EACCES, EBUSY, ENOTDIR};
  bool go = is(call, "read") && call.args[2] == sizeof(wire::Go);
  unsigned odds = go ? 50 : state.odds;
  if (state.random() % odds == 0) return -errors[state.random() % (sizeof errors / sizeof *errors)];
  long result = answerModel(call);
  scribble(call);
  if (is(call, "read") && !go) return fillText(call.args[1], call.args[2]);
  if (is(call, "getdents64")) return fillEntries(call);
  if (is(call, "sendfile")) return static_cast<long>(state.random() % static_cast<uint64_t>(call.args[3] + 1));
  if (is(call, "readlinkat")) return fillText(call.args[2], call.args[3]);
  if (is(call, "getcwd")) return fillText(call.args[0], call.args[1]) + 1;
  if (is(call, "keyctl") && call.args[0] == 6) return fillText(call.args[2], call.args[3]);
  if (is(call, "clone3") || is(call, "clone")) return state.random() % 2 ? 77 : 0;
  if (is(call, "ppoll")) return static_cast<long>(state.random() % 3);
  return result;
}

long answerReal(const Call& call) {
  const long* a = call.args;
  long result = ::syscall(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result < 0 ? -errno : result;
}

long decide(const Call& call) {
  if (auto failure = state.failures.find(call.name); failure != state.failures.end()) return -failure->second;
  if (state.answer)
    if (auto answer = state.answer(call)) return *answer;
  if (state.mode == Mode::Real) return answerReal(call);
  return state.mode == Mode::Chance ? answerChance(call) : answerModel(call);
}

void after(const Call& call, long result) {
  if (result < 0) return;
  if (is(call, "sendto") || is(call, "write")) noteMessage(reinterpret_cast<void*>(call.args[1]), static_cast<size_t>(call.args[2]));
  if (is(call, "close")) state.open.erase(static_cast<int>(call.args[0]));
  if (is(call, "munmap")) state.pages.erase(call.args[0]);
}

}  // namespace

void reset(const Descriptors& descriptors) {
  state = State();
  int end = descriptors.base + 2 + static_cast<int>(descriptors.slots);
  for (int fd = 3; fd < end; fd++) state.given.insert(fd);
  file("/dev/null", {sys::kTypeChar, 1, 3, 1});
}
const std::vector<std::string>& lines() { return state.lines; }
std::vector<std::string> lines(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& line : state.lines)
    for (const auto& name : names)
      if (line.rfind(name + "(", 0) == 0) out.push_back(line);
  return out;
}
const std::vector<std::string>& messages() { return state.messages; }
void file(const std::string& path, const File& file) { state.files[path] = file; }
void fails(const std::string& name, int error) { state.failures[name] = error; }
void answers(std::function<std::optional<long>(const Call& call)> answer) { state.answer = std::move(answer); }
void go(std::vector<uint32_t> steps) { state.goes = std::move(steps); }
void chance(uint64_t seed, size_t most) {
  state.mode = Mode::Chance;
  state.random.seed(seed);
  static const unsigned odds[] = {8, 40, 200, 1000};
  state.odds = odds[state.random() % 4];
  state.most = most;
}
void real() { state.mode = Mode::Real; }
size_t count() { return state.calls; }

Subject::Subject(const std::string& plan, Descriptors given) : bytes(new uint8_t[plan.size()]), size(plan.size()), descriptors(given) {
  memcpy(bytes.get(), plan.data(), plan.size());
  walker.descriptors = given;
  walker.channel = given.base;
  walker.channelIsSocket = true;
  walker.root = walker.proc = walker.null.fd = walker.empty.fd = walker.master = walker.terminal = -1;
  reset(given);
}
bool Subject::check() { return ::check(bytes.get(), size, descriptors, defect); }
int Subject::walk() {
  walker.plan = Plan(bytes.get());
  running = true;
  int result = setjmp(stopped) == 0 ? ::walk(walker) : -1;
  running = false;
  return result;
}

}  // namespace recorder

long sys::syscall6(long number, long a, long b, long c, long d, long e, long f) {
  using namespace recorder;
  Call call{number, {a, b, c, d, e, f}, nameOf(number)};
  if (++state.calls > state.most) {
    complain(call, "the walk does not end");
    if (running) longjmp(stopped, 1);
    std::abort();
  }
  checkArguments(call, isOpen);
  std::string line = state.mode == Mode::Chance ? "" : describe(call);
  long result = decide(call);
  if (result < 0 && result > -4096) line += " = " + std::to_string(-result);
  if (state.mode != Mode::Chance) state.lines.push_back(line);
  after(call, result);
  return result;
}

// The child runs first, in the same memory, as with vfork.
long sys::cloneRaw(long number, long a, long b, long c, long d, long e, int (*run)(void*), void* argument) {
  long pid = sys::syscall6(number, a, b, c, d, e, 0);
  if (pid < 0) return pid;
  if (number == sys::kNrClone3) {
    auto* args = reinterpret_cast<sys::CloneArgs*>(a);
    if (args->flags & sys::kClonePidfd) *reinterpret_cast<int*>(args->pidfd) = static_cast<int>(recorder::opened("pidfd"));
  } else if (c) {
    *reinterpret_cast<int*>(c) = static_cast<int>(recorder::opened("pidfd"));
  }
  auto before = recorder::state.open;
  run(argument);
  recorder::state.open = before;
  return pid == 0 ? 78 : pid;
}
