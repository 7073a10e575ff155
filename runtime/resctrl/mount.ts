/** Where resctrl is, the file system of cache and memory bandwidth control (Documentation/filesystems/resctrl.rst). */
import { isSystemError, port } from "../host/port.ts";
import { RESCTRL_MAGIC } from "../linux/flags.ts";
import { fromOctal } from "../linux/octal.ts";

const MAX_BYTES = 1 << 24;

/** The mount point of resctrl as this process sees it, or "" when it is not mounted. */
export function resctrlMount(): string {
  const mountinfo = port().readFile("/proc/self/mountinfo", MAX_BYTES);
  return placesIn(mountinfo).findLast(isResctrl) ?? "";
}

/** Mount points of whole resctrl trees, in the order of the file (proc(5)); pure. */
export function placesIn(mountinfo: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, place = ""] = before.split(" ");
    return after.startsWith("resctrl ") && root === "/" ? [fromOctal(place)] : [];
  });
}

/** Not when something else has been mounted over it. */
function isResctrl(place: string): boolean {
  try {
    return port().statfs(place).type === RESCTRL_MAGIC;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}
