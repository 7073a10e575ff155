/** Which cgroups of a container an exec'ed program joins. */
import { readIfThere } from "../cgroups/files.ts";
import { probeCgroups } from "../cgroups/layout.ts";
import { placeOf } from "../cgroups/path.ts";
import type { CgroupPaths } from "../cgroups/types.ts";
import { RuntimeError } from "../errors.ts";
import type { Record } from "../state/record.ts";

/** Sub-cgroups by controller; "" is for every controller that is not named. */
export type SubCgroups = ReadonlyMap<string, string>;

/**
 * The container's own cgroups, or those below them that `subs` names. A v2 cgroup that hands controllers on can have no
 * processes of its own: then the program joins init, unless "/" was asked for. Throws E_CGROUP for a controller that
 * the container has no cgroup of, E_USAGE for a path that leads out.
 */
export function execCgroups({ id, pid, cgroupPaths }: Record, subs: SubCgroups): CgroupPaths {
  for (const controller of subs.keys()) {
    if (controller === "" || (controller !== "unified" && cgroupPaths[controller] !== undefined)) continue;
    throw new RuntimeError("E_CGROUP", `exec --cgroup: container ${id} has no cgroup of controller ${controller}`);
  }
  const joined: { [controller: string]: string } = {};
  for (const [controller, directory] of Object.entries(cgroupPaths)) {
    const sub = subs.get(controller) ?? subs.get("");
    joined[controller] = sub === undefined ? directory : below(directory, sub);
  }
  const { unified } = cgroupPaths;
  if (unified === undefined) return joined;
  if (subs.get("") === undefined) return { ...joined, unified: besideInit(unified, pid) };
  // Beside v1 hierarchies the tree need not have the same cgroups.
  const mayLack = Object.keys(cgroupPaths).length > 1;
  const isThere = !mayLack || readIfThere(`${joined.unified}/cgroup.procs`) !== undefined;
  return isThere ? joined : { ...joined, unified };
}

function below(directory: string, sub: string): string {
  const segments = sub.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..") || /[\n\0]/.test(sub)) {
    throw new RuntimeError("E_USAGE", `exec --cgroup ${JSON.stringify(sub)}: not a path below the container's cgroup`);
  }
  return [directory, ...segments].join("/");
}

function besideInit(unified: string, pid: number): string {
  const handsOn = readIfThere(`${unified}/cgroup.subtree_control`)?.trim();
  const tree = handsOn ? probeCgroups().unified : null;
  if (tree === null) return unified;
  const own = /^0::(\/.*)$/m.exec(readIfThere(`/proc/${pid}/cgroup`) ?? "")?.[1];
  return own === undefined ? unified : placeOf(tree, own);
}
