/** Which security modules this host has enabled, looked at only for configs that name a label. */
import { isSystemError, port } from "../host/port.ts";
import { SELINUX_MAGIC } from "../linux/flags.ts";
import type { LabelHost } from "../plan/labels.ts";
import type { Linux, Process } from "../spec/generated/types.ts";

const LIMIT = 4096;

type ProcessLabels = Pick<Process, "apparmorProfile" | "selinuxLabel">;

/** What the labels of a process (and of the mounts of its container) depend on. */
export function probeLabels(process: ProcessLabels | undefined, linux: Pick<Linux, "mountLabel"> = {}): LabelHost {
  const label = process?.selinuxLabel || linux.mountLabel;
  return {
    apparmor: process?.apparmorProfile ? probeApparmor() : "off",
    selinux: label ? hasSelinux() : false,
  };
}

/** As libapparmor and runc tell it: by the module's own parameter; and by its word about this process. */
function probeApparmor(): LabelHost["apparmor"] {
  if (!readIfThere("/sys/module/apparmor/parameters/enabled")?.startsWith("Y")) return "off";
  const current = readIfThere("/proc/self/attr/apparmor/current") ?? readIfThere("/proc/self/attr/current") ?? "";
  const profile = current.replace(/[\n\0]+$/, "");
  // A profile in unconfined mode stops nothing.
  return profile === "" || profile === "unconfined" || profile.endsWith(" (unconfined)") ? "unconfined" : "confined";
}

/** selinuxfs exists only where SELinux was not disabled at boot. */
function hasSelinux(): boolean {
  try {
    return port().statfs("/sys/fs/selinux").type === SELINUX_MAGIC;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return port().readFile(path, LIMIT);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
