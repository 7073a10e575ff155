/**
 * Cgroups of the host that a recursive bind of /sys brings into a user namespace: whoever has mapped himself to root may
 * own some of them. They are covered by a read-only copy, however the bind itself is meant (CVE-2023-25809).
 */
import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from "../linux/flags.ts";
import type { ParsedMountOptions as MountOptions } from "../linux/mount-options.ts";
import type { Mount } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import { containerPath, hostPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

const CGROUPS = "/sys/fs/cgroup";
const ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/** The step after a bind, if its source holds the host's cgroups and nothing else protects them. */
export function cgroupCover(context: PlanContext, mount: Mount, options: MountOptions, from: string): Step[] {
  const { namespaces, host, slots } = context;
  if (!namespaces.hasUser && !host.inUserNamespace) return [];
  const source = containerPath(hostPath(mount.source ?? "", context.options.bundle));
  const above = source === "/" ? "" : source;
  const readonly = (options.recAttrSet & MOUNT_ATTR_RDONLY) !== 0;
  if (!options.recursiveBind || readonly || !CGROUPS.startsWith(`${above}/`) || !hasCgroups(context)) return [];
  const destination = containerPath(mount.destination);
  const target = `${destination === "/" ? "" : destination}${CGROUPS.slice(above.length)}`;
  const slot = namespaces.hasUser
    ? slots.add({ kind: "tree", path: CGROUPS, recursive: true, locked: true, from })
    : -1;
  return [
    {
      step: "bind",
      by: "init",
      from,
      target,
      source: CGROUPS,
      slot,
      recursive: 1,
      flags: 0,
      attrSet: 0,
      attrClear: 0,
      recursiveSet: ATTRIBUTES,
      recursiveClear: 0,
      propagation: [],
      idMap: "",
      sourceNofollow: 0,
      targetNofollow: 0,
    },
  ];
}

function hasCgroups({ host: { cgroups } }: PlanContext): boolean {
  const mounted = [...cgroups.hierarchies, ...(cgroups.unified === null ? [] : [cgroups.unified])];
  return mounted.some(({ mountpoint }) => mountpoint === CGROUPS || mountpoint.startsWith(`${CGROUPS}/`));
}
