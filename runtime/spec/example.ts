/** The config.json that `tsrun spec` writes: a shell in ./rootfs. */

import type { Mount, Namespace, Spec } from "./generated/types.ts";
import { stringifyExact } from "./json.ts";

export interface ExampleOptions {
  /** True for a container that an ordinary user can run. */
  readonly rootless: boolean;
  /** The user's ids, mapped to root; used when rootless. */
  readonly uid: number;
  readonly gid: number;
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const DEV_MOUNTS: readonly Mount[] = [
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
];

const SYS: Mount = {
  destination: "/sys",
  type: "sysfs",
  source: "sysfs",
  options: ["nosuid", "noexec", "nodev", "ro"],
};

/** sysfs belongs to the network namespace, which is the host's when rootless: then it can only be bound. */
const ROOTLESS_SYS: Mount = {
  destination: "/sys",
  type: "none",
  source: "/sys",
  options: ["rbind", "nosuid", "noexec", "nodev", "ro"],
};

const CGROUP: Mount = {
  destination: "/sys/fs/cgroup",
  type: "cgroup",
  source: "cgroup",
  options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
};

function mounts(rootless: boolean): Mount[] {
  const dev = DEV_MOUNTS.map((mount) => ({
    ...mount,
    // Group 5 (tty) is not mapped when rootless.
    options: (mount.options ?? []).filter((option) => !rootless || option !== "gid=5"),
  }));
  return [{ destination: "/proc", type: "proc", source: "proc" }, ...dev, rootless ? ROOTLESS_SYS : SYS, CGROUP];
}

function namespaces(rootless: boolean): Namespace[] {
  const types = rootless
    ? (["pid", "ipc", "uts", "mount", "user"] as const)
    : (["pid", "network", "ipc", "uts", "mount"] as const);
  return types.map((type) => ({ type }));
}

const MASKED_PATHS = [
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

const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** A configuration to start from. */
export function exampleSpec({ rootless, uid, gid }: ExampleOptions): Spec {
  const limits = rootless
    ? {
        uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
        gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
      }
    : { resources: { devices: [{ allow: false, access: "rwm" }] } };
  return {
    ociVersion: "1.3.0",
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "tsrun",
    mounts: mounts(rootless),
    linux: {
      ...limits,
      namespaces: namespaces(rootless),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

/** The text of the file: indented by tabs, as people know it from other runtimes. */
export function exampleText(options: ExampleOptions): string {
  return stringifyExact(exampleSpec(options), "\t");
}
