/** Changes to a configuration and what the rules find in them: resources, seccomp. */
import { linux, type Row, resources, seccomp } from "./spec-cases.ts";

export const LIMITS_CASES: Record<string, Row[]> = {
  resources: [
    [
      resources({
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: -1, minor: -1 },
        ],
      }),
    ],
    [
      resources({ devices: [{ allow: true, access: "rx", major: 5000 }] }),
      'error /linux/resources/devices/0/access linux.resources.devices[0].access may hold r, w and m only (got "rx")',
      "error /linux/resources/devices/0 linux.resources.devices[0].major must be from -1 to 4095 (got 5000)",
    ],
    [resources({ memory: { limit: 100, swap: 100, reservation: -1, swappiness: 100 } })],
    [resources({ memory: { limit: 100, swap: -1 } })],
    [
      resources({ memory: { limit: 100, swap: 99, kernel: -2, swappiness: 101 } }),
      "error /linux/resources/memory/kernel linux.resources.memory.kernel must be -1 or more (got -2)",
      "error /linux/resources/memory/swap linux.resources.memory.swap (99) counts memory too, and can't be below limit (100)",
      "error /linux/resources/memory/swappiness linux.resources.memory.swappiness must be an integer from 0 to 100 (got 101)",
    ],
    [resources({ cpu: { quota: 20000, burst: 20000, cpus: "0-1,3", mems: "0", idle: 1 } })],
    [resources({ cpu: { quota: -1, burst: 5, cpus: "" } })],
    [
      resources({ cpu: { quota: 10, burst: 11, idle: 2, cpus: "0-", mems: "a" } }),
      "error /linux/resources/cpu/burst linux.resources.cpu.burst (11) is above quota (10)",
      "error /linux/resources/cpu/idle linux.resources.cpu.idle must be 0 or 1 (got 2)",
      'error /linux/resources/cpu/cpus linux.resources.cpu.cpus must be a list such as 0-3,7 (got "0-")',
      'error /linux/resources/cpu/mems linux.resources.cpu.mems must be a list such as 0-3,7 (got "a")',
    ],
    [resources({ pids: { limit: 0 } })],
    [resources({ pids: { limit: -1 } })],
    [
      resources({ pids: { limit: -2 } }),
      "error /linux/resources/pids/limit linux.resources.pids.limit must be -1 or more (got -2)",
    ],
    [
      resources({
        blockIO: {
          weightDevice: [
            { major: 8, minor: 0 },
            { major: 8, minor: -1, weight: 5 },
          ],
        },
      }),
      "error /linux/resources/blockIO/weightDevice/1 linux.resources.blockIO.weightDevice[1].minor must be from 0 to 1048575 (got -1)",
      "error /linux/resources/blockIO/weightDevice/0 linux.resources.blockIO.weightDevice[0] needs weight or leafWeight",
    ],
    [
      resources({
        network: {
          priorities: [
            { name: "eth0", priority: 1 },
            { name: "eth0\nlo", priority: 1 },
          ],
        },
      }),
      'error /linux/resources/network/priorities/1/name linux.resources.network.priorities[1].name "eth0\\nlo" holds a character that no interface name has',
    ],
    [
      resources({ rdma: { mlx: {} } }),
      'error /linux/resources/rdma/mlx linux.resources.rdma of "mlx" needs hcaHandles or hcaObjects',
    ],
    [resources({ unified: { "memory.high": "1", "x..y": "1" } })],
    [
      resources({ unified: { "../memory.high": "1", "..": "1", "": "1" } }),
      'error /linux/resources/unified/..~1memory.high linux.resources.unified key "../memory.high" is not the name of a cgroup file',
      'error /linux/resources/unified/.. linux.resources.unified key ".." is not the name of a cgroup file',
      'error /linux/resources/unified/ linux.resources.unified key "" is not the name of a cgroup file',
    ],
    [linux({ cgroupsPath: "/a/..b/c" })],
    [linux({ cgroupsPath: "system.slice:docker:abc" })],
    [
      linux({ cgroupsPath: "/a/../../b" }),
      'error /linux/cgroupsPath linux.cgroupsPath can\'t have a ".." component (got "/a/../../b")',
    ],
  ],
  seccomp: [
    [
      seccomp({
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 38,
        syscalls: [
          {
            names: ["socket"],
            action: "SCMP_ACT_ERRNO",
            errnoRet: 22,
            args: [{ index: 5, value: 1, op: "SCMP_CMP_EQ" }],
          },
          { names: ["read"], action: "SCMP_ACT_NOTIFY" },
        ],
        listenerPath: "/run/x",
        listenerMetadata: "m",
      }),
    ],
    [
      seccomp({ defaultErrnoRet: 1 }),
      "error /linux/seccomp/defaultErrnoRet linux.seccomp.defaultErrnoRet can't go with SCMP_ACT_ALLOW",
    ],
    [
      seccomp({
        defaultAction: "SCMP_ACT_NOTIFY",
        listenerMetadata: "m",
        syscalls: [
          { names: ["a", ""], action: "SCMP_ACT_KILL", errnoRet: 1, args: [{ index: 6, value: 0, op: "SCMP_CMP_EQ" }] },
          { names: ["a"], action: "SCMP_ACT_TRACE", errnoRet: 65536 },
          { names: ["a"], action: "SCMP_ACT_NOTIFY" },
        ],
      }),
      "error /linux/seccomp/syscalls/0/errnoRet linux.seccomp.syscalls[0].errnoRet can't go with SCMP_ACT_KILL",
      "error /linux/seccomp/syscalls/0/names/1 linux.seccomp.syscalls[0].names[1] is empty",
      "error /linux/seccomp/syscalls/0/args/0/index linux.seccomp.syscalls[0].args[0].index must be an integer from 0 to 5 (got 6)",
      "error /linux/seccomp/syscalls/1/errnoRet linux.seccomp.syscalls[1].errnoRet is above 65535 (got 65536)",
      "error /linux/seccomp/listenerMetadata linux.seccomp.listenerMetadata needs linux.seccomp.listenerPath",
      "error /linux/seccomp/defaultAction linux.seccomp.defaultAction can't be SCMP_ACT_NOTIFY: nothing could be started",
      "error /linux/seccomp/syscalls/2/action linux.seccomp.syscalls[2].action SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath",
    ],
  ],
};
