import { expect, test } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";

const box = useBox();
const MKDIR = ["mkdir", "mkdirat"];

interface Rule {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; value: number | bigint; valueTwo?: number; op: string }[];
}

/** A profile that allows all but what the rules say. */
function profile(...syscalls: Rule[]): (c: Config) => void {
  return (c) => {
    c.linux.seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
      syscalls,
    };
  };
}

const mkdir = "mkdir /tmp/x 2>&1; mkdir /dev/shm/x 2>&1; grep Seccomp: /proc/self/status";

test("without a profile there is no filter", async () => {
  expect(await box.sh("grep Seccomp: /proc/self/status")).toBe("Seccomp:\t0");
});

test.each([true, false])("an errno, with noNewPrivileges %s", async (noNewPrivileges) => {
  const seen = await box.sh(mkdir, (c) => {
    profile({ names: MKDIR, action: "SCMP_ACT_ERRNO" })(c);
    c.process.noNewPrivileges = noNewPrivileges;
  });
  expect(seen.match(/Operation not permitted/g)).toHaveLength(2);
  expect(seen).toContain("Seccomp:\t2");
});

test("an errno of the profile's choice", async () => {
  expect(await box.sh(mkdir, profile({ names: MKDIR, action: "SCMP_ACT_ERRNO", errnoRet: 122 }))).toContain(
    "Disk quota exceeded",
  );
});

test("names that no kernel knows are passed over", async () => {
  const seen = await box.sh(mkdir, profile({ names: ["no_such_call", ...MKDIR], action: "SCMP_ACT_ERRNO" }));
  expect(seen).toContain("Operation not permitted");
});

test("a rule about an argument", async () => {
  const rule = {
    names: ["setpriority"],
    action: "SCMP_ACT_ERRNO",
    errnoRet: 13,
    args: [{ index: 2, value: 7, op: "SCMP_CMP_EQ" }],
  };
  const seen = await box.sh("renice 5 $$ 2>&1; echo $?; renice 7 $$ 2>&1; echo $?", (c) => {
    profile(rule)(c);
    c.process.user = { uid: 0, gid: 0 };
  });
  expect(seen.split("\n")[0]).toBe("0");
  expect(seen).toContain("Permission denied");
});

test("a profile that allows only what it names", async () => {
  const outcome = await box.run((c) => {
    c.process.args = ["mkdir", "/dev/shm/x"];
    c.linux.seccomp = {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 1,
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: [
        {
          action: "SCMP_ACT_ALLOW",
          names:
            "read write close mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn arch_prctl set_tid_address set_robust_list rseq prlimit64 getrandom exit_group execve fstat newfstatat readlink readlinkat uname getuid geteuid getgid getegid setgid setuid setgroups capset prctl close_range fcntl futex openat fchdir chdir getcwd umask dup3 getpid epoll_pwait epoll_ctl nanosleep sched_yield tgkill sigaltstack mlock poll ppoll sendmsg recvmsg getppid gettid access faccessat faccessat2 statx lseek getdents64 pipe2 clone wait4 madvise statfs fstatfs capget".split(
              " ",
            ),
        },
      ],
    };
  });
  expect(outcome.stderr).toContain("Operation not permitted");
});

test("a call that kills the process", async () => {
  const outcome = await box.run((c) => {
    c.process.args = ["mkdir", "/dev/shm/x"];
    profile({ names: MKDIR, action: "SCMP_ACT_KILL_PROCESS" })(c);
  });
  expect(outcome.code).toBe(128 + 31);
});

test("exec is filtered as well", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
    profile({ names: MKDIR, action: "SCMP_ACT_ERRNO" })(config);
  });
  await c.launch();
  expect(succeeded(await c.exec(["sh", "-c", mkdir])).stdout).toContain("Operation not permitted");
});
