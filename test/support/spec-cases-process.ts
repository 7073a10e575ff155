/** Changes to a configuration and what the rules find in them: version, document, process, rlimits, capabilities, scheduler, placement, hooks. */
import { linux, process, type Row } from "./spec-cases.ts";

export const PROCESS_CASES: Record<string, Row[]> = {
  version: [
    [{ ociVersion: "1.0.0" }],
    [{ ociVersion: "1.0.0-rc5-dev" }],
    [{ ociVersion: "1.0.2-dev" }],
    [{ ociVersion: "1.2.1+dev" }],
    [{ ociVersion: "1.4.0" }, 'warning /ociVersion ociVersion "1.4.0" is newer than 1.3: what it adds is not known'],
    [{ ociVersion: "2.0.0" }, 'error /ociVersion ociVersion "2.0.0" is not supported, only 1.x is'],
    [{ ociVersion: "0.9.0" }, 'error /ociVersion ociVersion "0.9.0" is not supported, only 1.x is'],
    [{ ociVersion: "1.0" }, 'error /ociVersion ociVersion "1.0" is no semantic version'],
    [{ ociVersion: "1.0.0 " }, 'error /ociVersion ociVersion "1.0.0 " is no semantic version'],
    [{ ociVersion: "01.0.0" }, 'error /ociVersion ociVersion "01.0.0" is no semantic version'],
  ],
  document: [
    [{ root: undefined }, "error /root root is missing"],
    [{ root: { path: "" } }, "error /root/path root.path is empty"],
    [{ annotations: { "": "x" } }, "error /annotations/ an annotation has an empty key"],
    [{ annotations: { a: "" } }],
    [{ windows: {} }, "warning /windows windows is ignored: it is for another system"],
    [{ vm: {} }, "warning /vm vm is ignored: no virtual machine is made"],
    [
      process({ commandLine: "cmd", user: { uid: 0, gid: 0, username: "x" } }),
      "warning /process/commandLine process.commandLine is ignored: it is for Windows",
      "warning /process/user/username process.user.username is ignored: it is for Windows",
    ],
  ],
  process: [
    [{ process: undefined }],
    [process({ cwd: "tmp" }), 'error /process/cwd process.cwd must be absolute (got "tmp")'],
    [process({ args: [] }), "error /process/args process.args must have at least 1 entry"],
    [process({ args: undefined })],
    [process({ env: ["A=1", "B="] })],
    [process({ env: ["A=1", "B"] }), 'warning /process/env/1 process.env[1] is not of the form KEY=value (got "B")'],
    [process({ user: undefined }), "warning /process process.user is missing: uid 0 and gid 0 are used"],
    [
      process({ user: { uid: 4294967295, gid: 4294967295, additionalGids: [0, 4294967295] } }),
      "error /process/user/uid process.user.uid can't be 4294967295",
      "error /process/user/gid process.user.gid can't be 4294967295",
      "error /process/user/additionalGids/1 process.user.additionalGids[1] can't be 4294967295",
    ],
    [process({ user: { uid: 0, gid: 0, additionalGids: [5, 5], umask: 511 } })],
    [
      process({ user: { uid: 0, gid: 0, umask: 512 } }),
      "error /process/user/umask process.user.umask must be at most 511 (got 512)",
    ],
    [process({ oomScoreAdj: -1000 })],
    [
      process({ oomScoreAdj: 1001 }),
      "error /process/oomScoreAdj process.oomScoreAdj must be an integer from -1000 to 1000 (got 1001)",
    ],
    [process({ consoleSize: { height: 70000, width: 1 } })],
    [
      process({ terminal: true, consoleSize: { height: 70000, width: 1 } }),
      "error /process/consoleSize process.consoleSize can't be over 65535",
    ],
  ],
  rlimits: [
    [
      process({
        rlimits: [
          { type: "RLIMIT_CORE", soft: 1, hard: 2 },
          { type: "RLIMIT_CORE", soft: 1, hard: 2 },
        ],
      }),
      "error /process/rlimits/1/type process.rlimits has RLIMIT_CORE more than once",
    ],
    [
      process({ rlimits: [{ type: "RLIMIT_NOFILE", soft: 3, hard: 2 }] }),
      "error /process/rlimits/0/soft soft limit 3 of RLIMIT_NOFILE is above the hard limit 2",
    ],
  ],
  capabilities: [
    [process({ capabilities: { bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"], effective: ["CAP_CHOWN"] } })],
    [
      process({ capabilities: { bounding: ["CAP_FOO", "cap_chown", "toString"] } }),
      'warning /process/capabilities/bounding/0 unknown capability "CAP_FOO" is dropped from the bounding set',
      'warning /process/capabilities/bounding/1 unknown capability "cap_chown" is dropped from the bounding set',
      'warning /process/capabilities/bounding/2 unknown capability "toString" is dropped from the bounding set',
    ],
    [
      process({ capabilities: { permitted: ["CAP_KILL"], ambient: ["CAP_KILL"], effective: ["CAP_BPF", "CAP_KILL"] } }),
      "warning /process/capabilities/effective CAP_BPF dropped from the effective set: not permitted",
      "warning /process/capabilities/ambient CAP_KILL dropped from the ambient set: not both permitted and inheritable",
    ],
  ],
  scheduler: [
    [process({ scheduler: { policy: "SCHED_OTHER", nice: 19 } })],
    [process({ scheduler: { policy: "SCHED_FIFO", priority: 99 } })],
    [process({ scheduler: { policy: "SCHED_DEADLINE", runtime: 1, deadline: 2, period: 3 } })],
    [process({ scheduler: { policy: "SCHED_DEADLINE", runtime: 1, deadline: 2 } })],
    [
      process({ scheduler: { policy: "SCHED_DEADLINE", runtime: 3, deadline: 2 } }),
      "error /process/scheduler/runtime process.scheduler.runtime must be above 0 and at most deadline, which must be at most period",
    ],
    [
      process({ scheduler: { policy: "SCHED_OTHER", nice: 20, priority: 1, runtime: 5 } }),
      "error /process/scheduler/nice process.scheduler.nice must be an integer from -20 to 19 (got 20)",
      "error /process/scheduler/priority process.scheduler.priority of SCHED_OTHER must be 0 (got 1)",
      "error /process/scheduler/policy process.scheduler.policy must be SCHED_DEADLINE for runtime, deadline or period",
    ],
    [
      process({ scheduler: { policy: "SCHED_RR" } }),
      "error /process/scheduler/priority process.scheduler.priority of SCHED_RR must be from 1 to 99 (got 0)",
    ],
    [
      process({ scheduler: { policy: "SCHED_ISO" } }),
      "error /process/scheduler/policy process.scheduler.policy SCHED_ISO is not implemented by Linux",
    ],
  ],
  labels: [
    [
      {
        ...process({ apparmorProfile: "a b", selinuxLabel: "u:r:t:s0:c1,c2" }),
        ...linux({ mountLabel: "u:r:t:s0:c1,c2" }),
      },
    ],
    [
      { ...process({ apparmorProfile: "a\nb", selinuxLabel: "a\nb" }), ...linux({ mountLabel: 'a",size=1' }) },
      "error /process/apparmorProfile process.apparmorProfile must be one line",
      "error /process/selinuxLabel process.selinuxLabel must be one line",
      "error /linux/mountLabel linux.mountLabel must be one line without quotes",
    ],
  ],
  placement: [
    [process({ ioPriority: { class: "IOPRIO_CLASS_BE", priority: 7 } })],
    [
      process({ ioPriority: { class: "IOPRIO_CLASS_BE", priority: 8 } }),
      "error /process/ioPriority/priority process.ioPriority.priority must be an integer from 0 to 7 (got 8)",
    ],
    [process({ execCPUAffinity: { initial: "0-3,7", final: "" } })],
    [
      process({ execCPUAffinity: { initial: "3-0" } }),
      'error /process/execCPUAffinity/initial process.execCPUAffinity.initial must be a list such as 0-3,7 (got "3-0")',
    ],
    [linux({ intelRdt: { closID: "/", memBwSchema: "MB:0=20", schemata: ["L3:0=f"] } })],
    [
      linux({ intelRdt: { closID: "../x", memBwSchema: "L3:\n", l3CacheSchema: "L3:\n", schemata: ["a\nb"] } }),
      'error /linux/intelRdt/closID linux.intelRdt.closID is neither / nor a directory name (got "../x")',
      "error /linux/intelRdt/memBwSchema linux.intelRdt.memBwSchema must start with MB:",
      "error /linux/intelRdt/memBwSchema linux.intelRdt.memBwSchema must be one line",
      "error /linux/intelRdt/l3CacheSchema linux.intelRdt.l3CacheSchema must be one line",
      "error /linux/intelRdt/schemata/0 linux.intelRdt.schemata[0] must be one line",
    ],
    [
      linux({ intelRdt: { closID: "..", enableCMT: true, enableMBM: false } }),
      'error /linux/intelRdt/closID linux.intelRdt.closID is neither / nor a directory name (got "..")',
      "warning /linux/intelRdt/enableCMT linux.intelRdt.enableCMT is ignored: 1.3.0 has enableMonitoring instead",
    ],
    [linux({ memoryPolicy: { mode: "MPOL_PREFERRED" } })],
    [linux({ memoryPolicy: { mode: "MPOL_PREFERRED", nodes: "1" } })],
    [linux({ memoryPolicy: { mode: "MPOL_DEFAULT" } })],
    [
      linux({ memoryPolicy: { mode: "MPOL_DEFAULT", nodes: "0" } }),
      "error /linux/memoryPolicy/nodes linux.memoryPolicy.nodes can't go with MPOL_DEFAULT",
    ],
    [
      linux({ memoryPolicy: { mode: "MPOL_BIND", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"] } }),
      "error /linux/memoryPolicy/nodes linux.memoryPolicy.nodes is needed by MPOL_BIND",
      "error /linux/memoryPolicy/flags linux.memoryPolicy.flags can't have both MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES",
    ],
    [
      linux({ personality: { domain: "LINUX", flags: ["X"] } }),
      'error /linux/personality/flags/0 linux.personality.flags[0] "X" is unknown: none is defined',
    ],
  ],
  hooks: [
    [{ hooks: { prestart: [{ path: "/bin/true", timeout: 1 }] } }],
    [
      { hooks: { poststop: [{ path: "/bin/true" }, { path: "true", timeout: 0 }] } },
      'error /hooks/poststop/1/path hooks.poststop[1].path must be absolute (got "true")',
      "error /hooks/poststop/1/timeout hooks.poststop[1].timeout must be above 0 (got 0)",
    ],
  ],
};
