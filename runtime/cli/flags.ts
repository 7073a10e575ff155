/** The flags of tsrun, as data. Names and aliases are those of runc 1.5, where it has them. */
import type { Flag } from "../commands/invocation.ts";

/** Flags that stand before the command. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  {
    name: "root",
    kind: "text",
    value: "DIR",
    summary: "folder of the containers' state (default: /run/tsrun for root)",
  },
  {
    name: "log",
    kind: "text",
    value: "FILE",
    summary: "append errors and warnings to FILE; journald:NAME and syslog:NAME go to those",
  },
  { name: "log-format", kind: "text", choices: ["text", "json"], default: "text", summary: "format of the log" },
  {
    name: "log-level",
    kind: "text",
    choices: ["error", "warning", "info", "debug"],
    default: "warning",
    summary: "least level that is logged",
  },
  { name: "debug", kind: "switch", summary: "log every step" },
  {
    name: "trace",
    kind: "text",
    value: "FILE",
    summary: "write the steps that were walked to FILE, in Chrome's trace format",
  },
  {
    name: "cgroup-manager",
    kind: "text",
    choices: ["cgroupfs", "systemd", "disabled"],
    default: "cgroupfs",
    summary: "who makes the cgroups",
    hidden: true,
  },
  { name: "systemd-cgroup", kind: "switch", summary: "the same as --cgroup-manager systemd", hidden: true },
  {
    name: "rootless",
    kind: "text",
    choices: ["true", "false", "auto"],
    default: "auto",
    summary: "whether cgroups that can't be made are tolerated",
    hidden: true,
  },
  { name: "help", alias: "h", kind: "switch", summary: "show help" },
  { name: "version", alias: "v", kind: "switch", summary: "print the version" },
];

export const HELP: Flag = { name: "help", alias: "h", kind: "switch", summary: "show help" };

const BUNDLE: Flag = {
  name: "bundle",
  alias: "b",
  kind: "text",
  value: "DIR",
  default: ".",
  summary: "folder of config.json and the root filesystem",
};
const CONSOLE_SOCKET: Flag = {
  name: "console-socket",
  kind: "text",
  value: "SOCKET",
  summary: "unix socket that receives the terminal",
};
const PIDFD_SOCKET: Flag = {
  name: "pidfd-socket",
  kind: "text",
  value: "SOCKET",
  summary: "unix socket that receives a pidfd of the process",
};
const PID_FILE: Flag = { name: "pid-file", kind: "text", value: "FILE", summary: "write the process id to FILE" };
const PRESERVE_FDS: Flag = {
  name: "preserve-fds",
  kind: "integer",
  value: "N",
  default: "0",
  summary: "descriptors from 3 on that the program keeps",
};
const NO_PIVOT: Flag = {
  name: "no-pivot",
  kind: "switch",
  summary: "chroot instead of pivot_root: for a root filesystem on a ramdisk",
};
const DETACH: Flag = { name: "detach", alias: "d", kind: "switch", summary: "return as soon as the program runs" };

export const PLAN_FLAGS: readonly Flag[] = [
  BUNDLE,
  {
    name: "format",
    alias: "f",
    kind: "text",
    choices: ["text", "json"],
    default: "text",
    summary: "one line or one object per step",
  },
  NO_PIVOT,
  PRESERVE_FDS,
];

export const CREATE_FLAGS: readonly Flag[] = [
  BUNDLE,
  {
    name: "config",
    alias: "f",
    kind: "text",
    value: "FILE",
    summary: "read FILE (-: standard input) in place of the bundle's config.json",
  },
  CONSOLE_SOCKET,
  PIDFD_SOCKET,
  PID_FILE,
  NO_PIVOT,
  {
    name: "no-new-keyring",
    kind: "switch",
    summary: "stay in the caller's session keyring",
  },
  PRESERVE_FDS,
];

export const RUN_FLAGS: readonly Flag[] = [
  ...CREATE_FLAGS,
  DETACH,
  { name: "keep", kind: "switch", summary: "do not delete the container when its program has ended" },
  { name: "no-subreaper", kind: "switch", summary: "has no effect: tsrun is never a subreaper", hidden: true },
];

const REGEX: Flag = {
  name: "regex",
  alias: "r",
  kind: "switch",
  summary: "take the id as a regular expression: all containers that it is found in",
};

export const KILL_FLAGS: readonly Flag[] = [
  REGEX,
  { name: "all", alias: "a", kind: "switch", summary: "signal every process of the container", hidden: true },
];

export const DELETE_FLAGS: readonly Flag[] = [
  {
    name: "force",
    alias: "f",
    kind: "switch",
    summary: "kill what still runs; a container that is not there is no error",
  },
  REGEX,
  { name: "all-stopped", kind: "switch", summary: "all containers whose program has ended" },
];

export const EXEC_FLAGS: readonly Flag[] = [
  CONSOLE_SOCKET,
  PIDFD_SOCKET,
  { name: "cwd", kind: "text", value: "DIR", summary: "working directory in the container" },
  { name: "env", alias: "e", kind: "list", value: "NAME=VALUE", summary: "add to the environment (repeatable)" },
  { name: "tty", alias: "t", kind: "switch", summary: "give the program a terminal" },
  { name: "user", alias: "u", kind: "text", value: "UID[:GID]", summary: "run as this user" },
  {
    name: "additional-gids",
    alias: "g",
    kind: "list",
    value: "GID",
    summary: "add a supplementary group (repeatable)",
  },
  { name: "process", alias: "p", kind: "text", value: "FILE", summary: "read the whole process from a JSON file" },
  DETACH,
  PID_FILE,
  { name: "process-label", kind: "text", value: "LABEL", summary: "SELinux label" },
  { name: "apparmor", kind: "text", value: "PROFILE", summary: "AppArmor profile" },
  { name: "no-new-privs", kind: "switch", summary: "set no_new_privs" },
  { name: "cap", alias: "c", kind: "list", value: "CAP", summary: "add a capability (repeatable)" },
  PRESERVE_FDS,
  {
    name: "cgroup",
    kind: "list",
    value: "[CONTROLLER,...:]PATH",
    summary: "run in an existing cgroup below the container's (repeatable; /: in its own, whatever happens)",
  },
  { name: "ignore-paused", kind: "switch", summary: "wait for a paused container to be resumed" },
];

export const PS_FLAGS: readonly Flag[] = [
  {
    name: "format",
    alias: "f",
    kind: "text",
    choices: ["table", "json"],
    default: "table",
    summary: "what ps(1) says, or a list of pids",
  },
];

export const UPDATE_FLAGS: readonly Flag[] = [
  {
    name: "resources",
    alias: "r",
    kind: "text",
    value: "FILE",
    summary: "JSON file with linux.resources (-: from stdin); then no other flag counts",
  },
  { name: "blkio-weight", kind: "text", value: "N", summary: "weight of block i/o, 10 to 1000" },
  { name: "cpu-period", kind: "text", value: "US", summary: "length of the CFS period, in microseconds" },
  { name: "cpu-quota", kind: "text", value: "US", summary: "CPU time per period (-1: no limit)" },
  { name: "cpu-burst", kind: "text", value: "US", summary: "CPU time that may be saved up" },
  { name: "cpu-share", kind: "text", value: "N", summary: "share of the CPU against other containers" },
  { name: "cpu-rt-period", kind: "text", value: "US", summary: "length of the real-time period" },
  { name: "cpu-rt-runtime", kind: "text", value: "US", summary: "time of real-time tasks per period" },
  { name: "cpu-idle", kind: "text", value: "0|1", summary: "whether to run only when nothing else does" },
  { name: "cpuset-cpus", kind: "text", value: "LIST", summary: "CPUs to run on" },
  { name: "cpuset-mems", kind: "text", value: "LIST", summary: "memory nodes to use" },
  { name: "memory", kind: "text", value: "BYTES", summary: "memory limit (-1: none; k, m and g are understood)" },
  { name: "memory-reservation", kind: "text", value: "BYTES", summary: "soft memory limit" },
  { name: "memory-swap", kind: "text", value: "BYTES", summary: "memory and swap together (-1: no limit)" },
  { name: "pids-limit", kind: "text", value: "N", summary: "most tasks at a time (-1: no limit)" },
  { name: "kernel-memory", kind: "text", value: "BYTES", summary: "has no effect since Linux 5.16", hidden: true },
  { name: "kernel-memory-tcp", kind: "text", value: "BYTES", summary: "limit of TCP buffers", hidden: true },
  { name: "l3-cache-schema", kind: "text", value: "SCHEMA", summary: "limit of the L3 cache, such as L3:0=ff" },
  { name: "mem-bw-schema", kind: "text", value: "SCHEMA", summary: "limit of memory bandwidth, such as MB:0=20" },
];

export const EVENTS_FLAGS: readonly Flag[] = [
  { name: "stats", kind: "switch", summary: "print the statistics once" },
  { name: "interval", kind: "text", value: "TIME", default: "5s", summary: "time between statistics, as 5s or 1m30s" },
];

export const LIST_FLAGS: readonly Flag[] = [
  { name: "format", alias: "f", kind: "text", choices: ["table", "json"], default: "table", summary: "how to print" },
  { name: "quiet", alias: "q", kind: "switch", summary: "print only the ids" },
];

export const SPEC_FLAGS: readonly Flag[] = [
  { name: "bundle", alias: "b", kind: "text", value: "DIR", default: ".", summary: "folder to write config.json to" },
  { name: "rootless", kind: "switch", summary: "make a config for the user who calls" },
];
