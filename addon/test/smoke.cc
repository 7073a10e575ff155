// Walks a hand-made plan in real namespaces with the real init, and prints what came of it: the messages, the program's
// output, and what init weighs while it waits. As the parent it is tsrun in a nutshell.
//   smoke INIT ROOTFS [user] [launcher] [nopivot] [hook] [deny=CALL,...:ERRNO] [times=N] -- PROGRAM ARGS...
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "../generated/wire.h"
#include "../init/child.h"
#include "smoke-plan.h"

namespace {

[[noreturn]] void die(const char* what) {
  perror(what);
  std::exit(2);
}

const std::map<std::string, int> kCalls = {{"openat2", 437},      {"open_tree", 428}, {"move_mount", 429}, {"fsopen", 430}, {"fsmount", 432},
                                           {"mount_setattr", 442}, {"clone3", 435},    {"close_range", 436}, {"faccessat2", 439}};

// deny = "openat2,clone3:38": these calls fail with that errno, here and in every child.
void denyCalls(const std::string& deny) {
  auto colon = deny.find(':');
  auto error = static_cast<uint32_t>(std::stoi(deny.substr(colon + 1)));
  std::vector<sock_filter> filter = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
  std::string list = deny.substr(0, colon) + ",";
  for (size_t at = 0, comma; (comma = list.find(',', at)) != std::string::npos; at = comma + 1) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(kCalls.at(list.substr(at, comma - at))), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) die("seccomp");
}

int memory(const std::string& bytes, bool program) {
  int fd = memfd_create("smoke", MFD_CLOEXEC);
  if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) die("memfd_create");
  if (program) fchmod(fd, 0755);
  return fd;
}

std::string contents(const std::string& path) {
  std::string out;
  FILE* file = fopen(path.c_str(), "re");
  if (!file) return out;
  char buffer[4096];
  while (size_t size = fread(buffer, 1, sizeof buffer, file)) out.append(buffer, size);
  fclose(file);
  return out;
}

struct Start {
  std::vector<int> from;
  bool user;
};

int become(void* argument) {
  auto& start = *static_cast<Start*>(argument);
  auto count = static_cast<unsigned>(start.from.size());
  const char* args[] = {"tsrun-init", "3", "3", nullptr};
  const char* env[] = {nullptr};
  if (child::placeDescriptors(start.from.data(), count, 3) < 0) return 121;
  int program = 3 + static_cast<int>(count) - 1;
  sys::fcntl(program, sys::kFSetfd, sys::kFdCloexec);
  if (child::closeFrom(program + 1) < 0) return 122;
  if (start.user && child::keepCapabilities() < 0) return 123;
  sys::execveat(program, "", args, env, sys::kAtEmptyPath);
  return 124;
}

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000 + static_cast<uint64_t>(time.tv_nsec) / 1000;
}

void show(const wire::Message& message) {
  static const char* const names[] = {"reached", "fault", "cloned", "walked", "notice"};
  printf("%s step %u operation %u errno %d %s\n", names[static_cast<int>(message.report)], message.step, static_cast<unsigned>(message.operation),
         message.error, message.detail);
}

class Parent {
 public:
  Parent(const Options& options, const std::string& plan) : options_(options), plan_(plan) {}

  int run() {
    uint64_t begin = now();
    launch();
    if (!accompany()) return finish();
    uint64_t created = now();
    if (!options_.quiet) weigh();
    uint64_t again = now();
    start();
    int status = finish();
    uint64_t end = now();
    spent_ = {created - begin, end - again};
    return status;
  }
  std::pair<uint64_t, uint64_t> spent() const { return spent_; }

 private:
  void launch() {
    std::string folder = options_.rootfs + "/..";
    execFifo_ = folder + "/exec.fifo";
    reportFifo_ = folder + "/report.fifo";
    mkfifo(execFifo_.c_str(), 0600);
    mkfifo(reportFifo_.c_str(), 0600);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) die("socketpair");
    int fifos[] = {open(execFifo_.c_str(), O_RDWR | O_CLOEXEC), open(reportFifo_.c_str(), O_RDWR | O_CLOEXEC)};
    int plan = memory(plan_, false), state = memory("ok\n", false), program = memory(contents(options_.init), true);
    Start begin{{ends[1], plan, fifos[0], fifos[1], state, program}, options_.user && !options_.launcher};
    std::vector<int> mine = begin.from;
    alignas(16) static char stack[65536];
    int pidfd = -1;
    sys::CloneArgs args{};
    args.flags = sys::kCloneVm | sys::kCloneVfork | sys::kClonePidfd | (options_.launcher ? 0 : namespacesOf(options_));
    args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    args.exitSignal = sys::kSigchld;
    args.stack = reinterpret_cast<uint64_t>(stack);
    args.stackSize = sizeof stack;
    pid_ = child::clone(args, become, &begin);
    if (pid_ < 0) errno = static_cast<int>(-pid_), die("clone");
    for (int fd : mine) close(fd);
    close(pidfd);
    channel_ = ends[0];
  }

  uint32_t endOfRun(uint32_t step) const {
    auto& header = *reinterpret_cast<const wire::Header*>(plan_.data());
    auto by = [&](uint32_t i) { return reinterpret_cast<const wire::RecordHeader*>(plan_.data() + 32 + i * 96)->by; };
    while (step < header.steps && by(step) == wire::By::Parent) step++;
    return step;
  }

  void go(uint32_t step) {
    if (options_.user && !mapped_) {
      std::string proc = "/proc/" + std::to_string(pid_);
      for (const char* name : {"/uid_map", "/gid_map"}) {
        int fd = open((proc + name).c_str(), O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0 0 65536\n", 10) != 10) die(name);
        close(fd);
      }
      mapped_ = true;
    }
    wire::Go answer{endOfRun(step)};
    if (send(channel_, &answer, sizeof answer, MSG_NOSIGNAL) < 0) perror("go");
  }

  // True when init waits for start.
  bool accompany() {
    if (!options_.launcher) go(1);
    for (;;) {
      wire::Message message;
      ssize_t size = recv(channel_, &message, sizeof message, 0);
      if (size <= 0) return !failed_;
      if (!options_.quiet || message.report == wire::Report::Fault) show(message);
      if (message.report == wire::Report::Fault) failed_ = true;
      if (message.report == wire::Report::Reached) go(message.step);
      if (message.report == wire::Report::Cloned) {
        int status;
        waitpid(static_cast<pid_t>(pid_), &status, 0);
        pid_ = static_cast<long>(message.value);
        go(message.step + 1);
      }
    }
  }

  void weigh() {
    usleep(20000);
    std::string proc = "/proc/" + std::to_string(pid_);
    for (const char* key : {"VmRSS", "Seccomp:", "NoNewPrivs"}) {
      std::string status = contents(proc + "/status");
      auto at = status.find(key);
      if (at != std::string::npos) printf("waiting %s\n", status.substr(at, status.find('\n', at) - at).c_str());
    }
    std::string rollup = contents(proc + "/smaps_rollup");
    for (const char* key : {"Pss:", "Private_Dirty:"}) {
      auto at = rollup.find(key);
      if (at != std::string::npos) printf("waiting %s\n", rollup.substr(at, rollup.find('\n', at) - at).c_str());
    }
    char exe[256];
    ssize_t size = readlink((proc + "/exe").c_str(), exe, sizeof exe - 1);
    printf("waiting exe %.*s\n", static_cast<int>(size), exe);
  }

  void start() {
    int report = open(reportFifo_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int exec = open(execFifo_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (exec < 0 || write(exec, "", 1) != 1) die("exec fifo");
    close(exec);
    fcntl(report, F_SETFL, 0);
    wire::Message message;
    while (read(report, &message, sizeof message) == static_cast<ssize_t>(sizeof message)) show(message);
    close(report);
  }

  int finish() {
    int status = 0;
    waitpid(static_cast<pid_t>(pid_), &status, __WALL);
    close(channel_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  const Options& options_;
  const std::string& plan_;
  std::string execFifo_, reportFifo_;
  long pid_ = -1;
  int channel_ = -1;
  bool failed_ = false, mapped_ = false;
  std::pair<uint64_t, uint64_t> spent_;
};

Options parse(int count, char** arguments) {
  Options options{arguments[1], arguments[2], false, false, false, false, false, "", 1, {}};
  int at = 3;
  for (; at < count && strcmp(arguments[at], "--") != 0; at++) {
    std::string word = arguments[at];
    if (word == "user") options.user = true;
    if (word == "launcher") options.launcher = true;
    if (word == "nopivot") options.nopivot = true;
    if (word == "hook") options.hook = true;
    if (word.rfind("deny=", 0) == 0) options.deny = word.substr(5);
    if (word.rfind("times=", 0) == 0) options.times = std::stoi(word.substr(6)), options.quiet = true;
  }
  for (at++; at < count; at++) options.program.emplace_back(arguments[at]);
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  if (count < 5) return 2;
  Options options = parse(count, arguments);
  std::string plan = makePlan(options);
  if (!options.deny.empty()) denyCalls(options.deny);
  int status = 0;
  std::vector<uint64_t> created, ran;
  for (int i = 0; i < options.times; i++) {
    Parent parent(options, plan);
    status = parent.run();
    created.push_back(parent.spent().first);
    ran.push_back(parent.spent().second);
  }
  if (options.times > 1) {
    auto median = [](std::vector<uint64_t>& values) {
      std::vector<uint64_t> sorted(values);
      for (size_t i = 1; i < sorted.size(); i++)
        for (size_t j = i; j && sorted[j] < sorted[j - 1]; j--) std::swap(sorted[j], sorted[j - 1]);
      return sorted[sorted.size() / 2];
    };
    printf("create %llu us, start to end %llu us\n", static_cast<unsigned long long>(median(created)), static_cast<unsigned long long>(median(ran)));
  }
  printf("status %d\n", status);
  return 0;
}
