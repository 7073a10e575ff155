/** Reads from the host what a plan depends on, once, as plain data. */
import { probeCgroups } from "../cgroups/layout.ts";
import { isSystemError, port } from "../host/port.ts";
import type { Host } from "../plan/host.ts";
import { resctrlMount } from "../resctrl/mount.ts";
import type { Spec } from "../spec/generated/types.ts";
import { NO_DEVICES, probeDevices } from "./devices.ts";
import { probeLinks } from "./links.ts";
import { probeNamespaces } from "./namespaces.ts";
import { probeLabels } from "./security.ts";

const STATUS_LIMIT = 16_384;

/** The host as the plan of `spec` sees it; relative paths are those of the bundle. Throws E_NAMESPACE when a namespace path can't be opened. */
export function probeHost(spec: Spec, bundle: string): Host {
  const capabilities = ownCapabilities();
  const { machine } = port().uname();
  const nested = inUserNamespace();
  const hasUser = spec.linux?.namespaces?.some(({ type }) => type === "user") === true;
  return {
    cgroups: probeCgroups(),
    ...capabilities,
    machine,
    ...probeLabels(spec.process, spec.linux),
    inUserNamespace: nested,
    ...(nested || hasUser ? probeDevices(spec) : NO_DEVICES),
    resctrl: spec.linux?.intelRdt === undefined ? "" : resctrlMount(),
    ...probeNamespaces(spec),
    links: probeLinks(spec, bundle),
    hasKernelCore: exists("/proc/kcore"),
  };
}

/** The first user namespace of a machine has all ids, each as itself (user_namespaces(7)). */
export function inUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(port().readFile("/proc/self/uid_map", STATUS_LIMIT));
}

/** CapBnd and CapPrm of proc_pid_status(5) as bit sets. */
export function ownCapabilities(): { bounding: bigint; permitted: bigint } {
  const status = port().readFile("/proc/self/status", STATUS_LIMIT);
  const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  return { bounding: set("CapBnd"), permitted: set("CapPrm") };
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
