import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder under which v1 hierarchies are mounted. */
export const CGROUP_ROOT = "/sys/fs/cgroup";

/** True when the host has this file in a v1 hierarchy's root: kernels leave out what they were not built with. */
export function hasFile(controller: string, file: string): boolean {
  return existsSync(join(CGROUP_ROOT, controller, file));
}

/** True when cgroup v1 hierarchies are mounted, alone or beside v2. */
export const haveV1 = existsSync(join(CGROUP_ROOT, "pids", "cgroup.procs"));

/** The trimmed content of a cgroup file. */
export function cgroupValue(folder: string, file: string): string {
  return readFileSync(join(folder, file), "utf8").trim();
}
