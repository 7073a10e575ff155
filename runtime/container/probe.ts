/** Reads from the host what a plan depends on, once, as plain data. */
import { probeCgroups } from "../cgroups/layout.ts";
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { EPERM, errnoName, errnoText } from "../linux/errno.ts";
import { O_RDONLY } from "../linux/flags.ts";
import type { Host, NamespaceFile } from "../plan/host.ts";
import { resctrlMount } from "../resctrl/mount.ts";
import type { Spec } from "../spec/generated/types.ts";
import { probeLabels } from "./security.ts";

const STATUS_LIMIT = 16_384;

/** The host as the plan of `spec` sees it. Throws E_NAMESPACE when a namespace path can't be opened. */
export function probeHost(spec: Spec): Host {
  const capabilities = ownCapabilities();
  const namespaceFiles: { [path: string]: NamespaceFile } = {};
  for (const [index, { path }] of (spec.linux?.namespaces ?? []).entries()) {
    if (path) namespaceFiles[path] = probeNamespace(path, `/linux/namespaces/${index}/path`);
  }
  const { machine } = port().uname();
  return {
    cgroups: probeCgroups(),
    ...capabilities,
    machine,
    ...probeLabels(spec.process, spec.linux),
    inUserNamespace: inUserNamespace(),
    resctrl: spec.linux?.intelRdt === undefined ? "" : resctrlMount(),
    namespaceFiles,
    hasKernelCore: exists("/proc/kcore"),
  };
}

/** The first user namespace of a machine has all ids, each as itself (user_namespaces(7)). */
function inUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(port().readFile("/proc/self/uid_map", STATUS_LIMIT));
}

/** CapBnd and CapPrm of proc_pid_status(5) as bit sets. */
export function ownCapabilities(): { bounding: bigint; permitted: bigint } {
  const status = port().readFile("/proc/self/status", STATUS_LIMIT);
  const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  return { bounding: set("CapBnd"), permitted: set("CapPrm") };
}

function probeNamespace(path: string, pointer: string): NamespaceFile {
  try {
    const fd = port().open(path, O_RDONLY);
    try {
      return { type: port().namespaceType(fd), id: identity(fd), owner: ownerOf(fd) };
    } finally {
      port().close(fd);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reason = error.syscall === "ioctl" ? "it is not a namespace" : errnoText(error.errno);
    throw new RuntimeError("E_NAMESPACE", `namespace ${path}: ${reason}`, {
      pointer,
      syscall: error.syscall,
      errno: errnoName(error.errno),
      specRef: "config-linux.md#namespaces",
      cause: error,
    });
  }
}

function identity(fd: number): string {
  const { dev, ino } = port().fstat(fd);
  return `${dev}:${ino}`;
}

/** "" when the owner is outside of what the caller may see (EPERM). */
function ownerOf(fd: number): string {
  let owner: number;
  try {
    owner = port().namespaceOwner(fd);
  } catch (error) {
    if (isSystemError(error, EPERM)) return "";
    throw error;
  }
  try {
    return identity(owner);
  } finally {
    port().close(owner);
  }
}

function exists(path: string): boolean {
  try {
    port().stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}
