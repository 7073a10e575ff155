// Device programs of v2 cgroups (bpf(2), Linux 4.15).
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "fd.h"

namespace core {
namespace {

constexpr size_t kInstruction = sizeof(bpf_insn);

long bpf(int command, bpf_attr& attributes) { return ::syscall(SYS_bpf, command, &attributes, sizeof attributes); }

// Loads a program of type CGROUP_DEVICE and attaches it to the cgroup beside those of other managers.
Result attachDevices(const Args& args) {
  View program = args.data(1);
  static const char license[] = "Apache-2.0";
  bpf_attr load;
  memset(&load, 0, sizeof load);
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<uintptr_t>(program.data);
  load.insn_cnt = static_cast<uint32_t>(program.size / kInstruction);
  load.license = reinterpret_cast<uintptr_t>(license);
  Fd loaded(static_cast<int>(bpf(BPF_PROG_LOAD, load)));
  if (loaded.get() < 0) return Result::fail("bpf BPF_PROG_LOAD", errno);
  bpf_attr attach;
  memset(&attach, 0, sizeof attach);
  attach.target_fd = static_cast<uint32_t>(args.integer(0));
  attach.attach_bpf_fd = static_cast<uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (bpf(BPF_PROG_ATTACH, attach) < 0) return Result::fail("bpf BPF_PROG_ATTACH", errno);
  return Result::nothing();
}

const Call rows[] = {
    {"attachDevices", "ib", attachDevices},
};

}  // namespace

Table devices() { return {rows, sizeof rows / sizeof *rows}; }

}  // namespace core
