import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import type { Spec } from "../../runtime/spec/generated/types.ts";
import { parseProcess, parseSpec } from "../../runtime/spec/load.ts";
import { sysctlNamespace, sysctlPath } from "../../runtime/spec/rules/sysctl.ts";
import { checkSpec, RULES, requireValid, requireValidProcess } from "../../runtime/spec/validate.ts";

const BASE = {
  ociVersion: "1.3.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["sh"], user: { uid: 0, gid: 0 } },
};

const ALL = ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type }));

/** A Spec of the right types: what the rules get. */
function specOf(delta: object): Spec {
  return parseSpec(JSON.stringify({ ...BASE, ...delta })).spec;
}

/** `error|warning POINTER message`, one per finding. */
function found(delta: object): string[] {
  return checkSpec(specOf(delta)).map(({ severity, pointer, message }) => `${severity} ${pointer} ${message}`);
}

const linux = (section: object, namespaces: object[] = ALL): object => ({ linux: { namespaces, ...section } });
const resources = (section: object): object => linux({ resources: section });
const process = (section: object): object => ({ process: { ...BASE.process, ...section } });
const mount = (...mounts: object[]): object => ({ mounts, ...linux({}) });
const seccomp = (section: object): object => linux({ seccomp: { defaultAction: "SCMP_ACT_ALLOW", ...section } });
const map = (containerID: number, hostID: number, size: number): object => ({ containerID, hostID, size });
const userns = (uidMappings?: object[], gidMappings = uidMappings): object =>
  linux({ uidMappings, gidMappings }, [...ALL, { type: "user" }]);

type Row = [delta: object, ...findings: string[]];

const CASES: Record<string, Row[]> = {
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
  mounts: [
    [mount({ destination: "/proc", type: "proc" }, { destination: "/a", source: "/b", options: ["rbind", "ro"] })],
    [mount({ destination: "/a", type: "tmpfs", options: ["size=1k", "sync"] })],
    [mount({ destination: "/a", options: ["remount", "ro"] })],
    [
      mount({ destination: "data", type: "tmpfs" }),
      'warning /mounts/0/destination mounts[0].destination should be absolute: "data" is taken as "/data"',
    ],
    [mount({ destination: "", type: "tmpfs" }), "error /mounts/0/destination mounts[0].destination is empty"],
    [
      mount({ destination: "/a", options: ["bind"] }),
      "error /mounts/0/source mounts[0] is a bind mount without source",
    ],
    [mount({ destination: "/a" }), "error /mounts/0/type mounts[0] has neither a type nor the option bind or rbind"],
    [
      mount({ destination: "/a", type: "bind", source: "/b" }),
      "error /mounts/0/options mounts[0] of type bind lacks the option bind or rbind",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "size=1k", "sync", "async"] }),
      'error /mounts/0/options/1 mounts[0] is a bind mount, which can\'t have the option "size=1k"',
      'error /mounts/0/options/2 mounts[0] is a bind mount, which can\'t have the option "sync"',
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "idmap"] }),
      "error /mounts/0/options mounts[0] has the option idmap, but neither it nor a user namespace has mappings",
    ],
    [
      {
        mounts: [{ destination: "/a", source: "/b", options: ["bind", "ridmap"] }],
        ...userns([map(0, 1000, 10)]),
      },
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "idmap"], uidMappings: [map(0, 1, 1)] }),
      "error /mounts/0 mounts[0] must have both uidMappings and gidMappings or neither",
    ],
    [
      mount({
        destination: "/a",
        source: "/b",
        options: ["bind"],
        uidMappings: [map(0, 1, 0)],
        gidMappings: [map(0, 1, 1)],
      }),
      "error /mounts/0/uidMappings/0/size mounts[0].uidMappings[0] maps no id",
      "warning /mounts/0/options mounts[0] has mappings, but not the option idmap or ridmap: idmap is assumed",
    ],
  ],
  namespaces: [
    [linux({}, [{ type: "pid" }, { type: "network", path: "/run/netns/a" }, { type: "ipc", path: "" }])],
    [
      linux({}, [{ type: "pid" }, { type: "uts" }, { type: "pid", path: "x" }]),
      "error /linux/namespaces/2 linux.namespaces has pid more than once",
      'error /linux/namespaces/2/path path of the pid namespace must be absolute (got "x")',
    ],
    [{ hostname: "a", domainname: "b", ...linux({}) }],
    [{ hostname: "" }],
    [
      { hostname: "a", domainname: "b" },
      "error /hostname hostname needs a uts namespace",
      "error /domainname domainname needs a uts namespace",
    ],
    [{ hostname: "a".repeat(65), ...linux({}) }, "error /hostname hostname is longer than 64 characters"],
    [linux({ timeOffsets: {} })],
    [linux({ timeOffsets: { monotonic: { secs: 1 } } }, [{ type: "time" }])],
    [
      linux({ timeOffsets: { monotonic: { secs: 1 }, boottime: { nanosecs: 1000000000 } } }),
      "error /linux/timeOffsets linux.timeOffsets needs a new time namespace",
      "error /linux/timeOffsets/boottime/nanosecs linux.timeOffsets.boottime.nanosecs must be below 1000000000 (got 1000000000)",
    ],
    [
      linux({ timeOffsets: { monotonic: { secs: 1 } } }, [{ type: "time", path: "/proc/1/ns/time" }]),
      "error /linux/timeOffsets linux.timeOffsets needs a new time namespace",
    ],
    [linux({ maskedPaths: ["/proc/kcore"], readonlyPaths: ["/proc/sys"] })],
    [linux({ maskedPaths: [], readonlyPaths: [] }, [])],
    [
      linux({ maskedPaths: ["/a", "b"], readonlyPaths: ["c"] }, []),
      "error /linux/maskedPaths linux.maskedPaths needs a mount namespace",
      'error /linux/maskedPaths/1 linux.maskedPaths[1] must be absolute (got "b")',
      "error /linux/readonlyPaths linux.readonlyPaths needs a mount namespace",
      'error /linux/readonlyPaths/0 linux.readonlyPaths[0] must be absolute (got "c")',
    ],
  ],
  mappings: [
    [userns([map(0, 1000, 1), map(1, 100000, 65535)])],
    [
      userns(),
      "error /linux/uidMappings a new user namespace needs linux.uidMappings",
      "error /linux/gidMappings a new user namespace needs linux.gidMappings",
    ],
    [userns([map(0, 1, 1)], []), "error /linux/gidMappings a new user namespace needs linux.gidMappings"],
    [
      linux({ uidMappings: [map(0, 0, 1)], gidMappings: [map(0, 0, 1)] }),
      "error /linux/uidMappings linux.uidMappings needs a user namespace",
      "error /linux/gidMappings linux.gidMappings needs a user namespace",
    ],
    [linux({ uidMappings: [map(0, 0, 1)], gidMappings: [map(0, 0, 1)] }, [{ type: "user", path: "/proc/1/ns/user" }])],
    [linux({}, [{ type: "user", path: "/proc/1/ns/user" }])],
    [userns([map(0, 0, 4294967295)])],
    [
      userns([map(0, 1, 4294967295)], [map(0, 0, 1)]),
      "error /linux/uidMappings/0/size linux.uidMappings[0] goes beyond the highest id",
    ],
    [userns([map(0, 0, 0)], [map(0, 0, 1)]), "error /linux/uidMappings/0/size linux.uidMappings[0] maps no id"],
    [
      userns([map(0, 1000, 10), map(9, 2000, 1)], [map(0, 1000, 10), map(10, 1009, 1)]),
      "error /linux/uidMappings/1 linux.uidMappings[1] overlaps linux.uidMappings[0]",
      "error /linux/gidMappings/1 linux.gidMappings[1] overlaps linux.gidMappings[0]",
    ],
    [
      userns(
        Array.from({ length: 341 }, (_, i) => map(i, i, 1)),
        [map(0, 0, 1)],
      ),
      "error /linux/uidMappings linux.uidMappings has more than 340 entries",
    ],
  ],
  devices: [
    [
      linux({
        devices: [
          { type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 8630, uid: 0, gid: 0 },
          { type: "u", path: "/dev/fuse", major: 10, minor: 229 },
          { type: "p", path: "/run/pipe" },
        ],
      }),
    ],
    [
      linux({ devices: [{ type: "b", path: "dev/sda", major: 8 }] }),
      'error /linux/devices/0/path linux.devices[0].path must be absolute (got "dev/sda")',
      "error /linux/devices/0 linux.devices[0] of type b needs major and minor",
    ],
    [
      linux({ devices: [{ type: "c", path: "/dev/a", major: -1, minor: 0, uid: 4294967295 }] }),
      "error /linux/devices/0 linux.devices[0].major must be from 0 to 4095 (got -1)",
      "error /linux/devices/0/uid linux.devices[0].uid can't be 4294967295",
    ],
    [
      linux({
        devices: [
          { type: "c", path: "/dev/a", major: 1, minor: 3 },
          { type: "c", path: "/dev/a", major: 1, minor: 5 },
        ],
      }),
      "error /linux/devices/1 linux.devices[1] differs from an earlier device at /dev/a",
    ],
    [linux({ netDevices: { eth0: { name: "net%d" }, eth1: { name: "net%d" }, eth2: {}, eth3: { name: "%d" } } })],
    [linux({ netDevices: { eth0: {} } }, []), "error /linux/netDevices linux.netDevices needs a network namespace"],
    [
      linux({ netDevices: { "a/b": {}, eth0: { name: "sixteen-letters-" }, eth1: { name: "a b" } } }),
      'error /linux/netDevices/a~1b network device "a/b" holds a character that no interface name has',
      'error /linux/netDevices/eth0 network device "sixteen-letters-" is longer than 15 characters',
      'error /linux/netDevices/eth1 network device "a b" holds a character that no interface name has',
    ],
    [
      linux({ netDevices: { eth0: { name: "x" }, eth1: { name: "x" }, eth2: { name: "a%sb" } } }),
      'error /linux/netDevices/eth1 network device "x" is the name of two devices',
      'error /linux/netDevices/eth2 network device "a%sb" has a % that is not a final %d',
    ],
  ],
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
  sysctl: [
    [
      {
        ...linux(
          {
            sysctl: {
              "kernel.msgmax": "1",
              "kernel.shm_rmid_forced": "1",
              "fs.mqueue.msg_max": "1",
              "net.ipv4.ip_forward": "1",
              "net/ipv4/conf/eth0.1/forwarding": "1",
              "kernel.domainname": "x",
              "user.max_user_namespaces": "1",
            },
            uidMappings: [map(0, 0, 1)],
            gidMappings: [map(0, 0, 1)],
          },
          [...ALL, { type: "user" }],
        ),
      },
    ],
    [
      linux(
        { sysctl: { "kernel.msgmax": "1", "net.core.somaxconn": "1", "kernel.domainname": "x", "user.x": "1" } },
        [],
      ),
      'error /linux/sysctl/kernel.msgmax sysctl "kernel.msgmax" needs a namespace of type ipc',
      'error /linux/sysctl/net.core.somaxconn sysctl "net.core.somaxconn" needs a namespace of type network',
      'error /linux/sysctl/kernel.domainname sysctl "kernel.domainname" needs a namespace of type uts',
      'error /linux/sysctl/user.x sysctl "user.x" needs a namespace of type user',
    ],
    [
      linux({ sysctl: { "kernel.foo": "1", "vm.swappiness": "1", net: "1", "kernel.shm": "1", kernel: "1" } }),
      ...["kernel.foo", "vm.swappiness", "net", "kernel.shm", "kernel"].map(
        (key) => `error /linux/sysctl/${key} sysctl "${key}" is not in a namespace of the container`,
      ),
    ],
    [
      { domainname: "d", ...linux({ sysctl: { "kernel.hostname": "x", "kernel/domainname": "y" } }) },
      'error /linux/sysctl/kernel.hostname sysctl "kernel.hostname" conflicts with hostname, which sets the same',
      'error /linux/sysctl/kernel~1domainname sysctl "kernel/domainname" conflicts with domainname, which sets the same',
    ],
    [
      linux({ sysctl: { "net/../kernel/core_pattern": "x", "net.//.x": "x", "net..x": "x", "": "x", "/net/x": "x" } }),
      'error /linux/sysctl/net~1..~1kernel~1core_pattern sysctl "net/../kernel/core_pattern" is not the name of a parameter',
      'error /linux/sysctl/net.~1~1.x sysctl "net.//.x" is not the name of a parameter',
      'error /linux/sysctl/net..x sysctl "net..x" is not the name of a parameter',
      'error /linux/sysctl/ sysctl "" is not the name of a parameter',
      'error /linux/sysctl/~1net~1x sysctl "/net/x" is not the name of a parameter',
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

for (const [subject, rows] of Object.entries(CASES)) {
  describe(subject, () => {
    test.each(rows)("%j", (delta, ...findings) => {
      expect(found(delta)).toEqual(findings);
    });
  });
}

describe("rules in general", () => {
  test("every rule finds something in the cases", () => {
    const specs = Object.values(CASES).flatMap((rows) => rows.map(([delta]) => specOf(delta)));
    const idle = RULES.filter((rule) => specs.every((spec) => rule(spec).length === 0));
    expect(idle.map((rule) => rule.name)).toEqual([]);
  });

  test("findings carry a code and a section of the specification", () => {
    for (const [delta] of Object.values(CASES).flat()) {
      for (const finding of checkSpec(specOf(delta as object))) {
        expect(finding.specRef).toMatch(/^config(-linux)?\.md#[a-z-]+$/);
        expect(finding.code).toMatch(finding.severity === "error" ? /^E_CONFIG_INVALID$/ : /^W_[A-Z_]+$/);
      }
    }
  });

  test("64-bit values are compared exactly", () => {
    const text = `{"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/","user":{"uid":0,"gid":0},"rlimits":[
      {"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551614}]}}`;
    expect(checkSpec(parseSpec(text).spec).map((f) => f.message)).toEqual([
      "soft limit 18446744073709551615 of RLIMIT_CORE is above the hard limit 18446744073709551614",
    ]);
  });

  test("requireValid throws the first error with its place, or returns the warnings", () => {
    const text = '{"ociVersion": "1.9.0",\n "root": {"path": "r"},\n "hostname": "a"}';
    const { spec } = parseSpec(text);
    expect(() => requireValid(spec, text)).toThrow(RuntimeError);
    try {
      requireValid(spec, text);
    } catch (error) {
      expect(error).toMatchObject({
        code: "E_CONFIG_INVALID",
        details: { pointer: "/hostname", line: 3, column: 14, specRef: "config.md#hostname" },
      });
    }
    expect(requireValid(specOf({ ociVersion: "1.9.0" })).map((w) => w.code)).toEqual(["W_VERSION"]);
  });

  test("a process of its own has pointers from itself, and needs args", () => {
    const { process } = parseProcess('{"cwd":"/","args":["sh"],"user":{"uid":0,"gid":0}}');
    expect(requireValidProcess(process)).toEqual([]);
    const broken = parseProcess('{"cwd":"x","args":["sh"]}').process;
    expect(() => requireValidProcess(broken)).toThrow("process.cwd must be absolute");
    expect(() => requireValidProcess(parseProcess('{"cwd":"/"}').process)).toThrow("process.args is missing");
  });
});

describe("names of kernel parameters", () => {
  test.each([
    ["net.ipv4.ip_forward", "net/ipv4/ip_forward"],
    ["net/ipv4/ip_forward", "net/ipv4/ip_forward"],
    ["net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"],
    ["net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"],
    ["kernel", "kernel"],
    ["net.//.x", undefined],
    ["net/../x", undefined],
    ["net/./x", undefined],
    ["net.", undefined],
    [".net", undefined],
    ["", undefined],
  ])("%j is %j", (key, path) => {
    expect(sysctlPath(key)).toBe(path);
  });

  test("belong to namespaces", () => {
    expect(sysctlNamespace("net/x")).toBe("network");
    expect(sysctlNamespace("network")).toBeUndefined();
    expect(sysctlNamespace("kernel/sem")).toBe("ipc");
    expect(sysctlNamespace("kernel/sem/x")).toBeUndefined();
  });
});
