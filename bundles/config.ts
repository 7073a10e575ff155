/** An integer of config.json: a bigint where a JavaScript number can't hold it exactly. */
export type Integer = number | bigint;

export interface Mount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
}

export interface Hook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export type HookKind = "prestart" | "createRuntime" | "createContainer" | "startContainer" | "poststart" | "poststop";

export type CapabilitySet = "bounding" | "effective" | "inheritable" | "permitted" | "ambient";

export interface IdMapping {
  containerID: Integer;
  hostID: Integer;
  size: Integer;
}

export interface Device {
  path: string;
  type: string;
  major?: Integer;
  minor?: Integer;
  fileMode?: number;
  uid?: Integer;
  gid?: Integer;
}

export interface DeviceRule {
  allow: boolean;
  type?: string;
  major?: Integer;
  minor?: Integer;
  access?: string;
}

export interface Resources {
  devices?: DeviceRule[];
  memory?: Record<string, Integer | boolean>;
  cpu?: Record<string, Integer | string>;
  pids?: { limit: Integer };
  blockIO?: Record<string, unknown>;
  hugepageLimits?: { pageSize: string; limit: Integer }[];
  network?: { classID?: Integer; priorities?: { name: string; priority: Integer }[] };
  unified?: Record<string, string>;
}

/** config.json as the bundles here are written: what the template always has is not optional. */
export interface Config {
  ociVersion: string;
  process: {
    terminal: boolean;
    user: { uid: Integer; gid: Integer; umask?: number; additionalGids?: Integer[] };
    args: string[];
    env: string[];
    cwd: string;
    capabilities: Partial<Record<CapabilitySet, string[]>>;
    rlimits: { type: string; hard: Integer; soft: Integer }[];
    noNewPrivileges?: boolean;
    oomScoreAdj?: number;
    scheduler?: {
      policy: string;
      nice?: number;
      priority?: number;
      flags?: string[];
      runtime?: Integer;
      deadline?: Integer;
      period?: Integer;
    };
    ioPriority?: { class: string; priority: number };
    execCPUAffinity?: { initial?: string; final?: string };
    apparmorProfile?: string;
    selinuxLabel?: string;
  };
  root: { path: string; readonly?: boolean };
  hostname?: string;
  domainname?: string;
  mounts: Mount[];
  hooks?: Partial<Record<HookKind, Hook[]>>;
  annotations?: Record<string, string>;
  linux: {
    resources: Resources;
    namespaces: { type: string; path?: string }[];
    maskedPaths: string[];
    readonlyPaths: string[];
    uidMappings?: IdMapping[];
    gidMappings?: IdMapping[];
    timeOffsets?: Record<string, { secs?: Integer; nanosecs?: Integer }>;
    devices?: Device[];
    cgroupsPath?: string;
    sysctl?: Record<string, string>;
    rootfsPropagation?: string;
    seccomp?: unknown;
    mountLabel?: string;
    personality?: { domain: string };
    memoryPolicy?: { mode: string; nodes?: string; flags?: string[] };
    netDevices?: Record<string, { name?: string }>;
    intelRdt?: Record<string, unknown>;
  };
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const DEFAULT_MOUNTS: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc" },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
  },
];

const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/proc/scsi",
];

const READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** A fresh config.json, equal to what `runc spec` 1.1.5 writes but for args, terminal and hostname. */
export function template(args: readonly string[] = ["sh"]): Config {
  return structuredClone({
    ociVersion: "1.0.2-dev",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [...args],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES, ambient: CAPABILITIES },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "tsrun",
    mounts: [...DEFAULT_MOUNTS],
    linux: {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: READONLY,
    },
  });
}

/** JSON text in which bigints stand as plain integers, digit for digit. */
export function toJson(value: unknown): string {
  const marked = JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? `\u0000${v}` : v), 2);
  return marked.replace(/"\\u0000(-?\d+)"/g, "$1");
}
