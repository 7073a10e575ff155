/**
 * A tmpfs that the config wants read-only is empty when it is mounted: what the config puts into it (content copied up,
 * mount points, devices, the working directory) needs it writable first. Such a one is sealed when all that is done.
 */
import {
  MOUNT_ATTR_NOSYMFOLLOW,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_NOSYMFOLLOW,
  MS_RDONLY,
  MS_REMOUNT,
} from "../linux/flags.ts";
import { type ParsedMountOptions as MountOptions, parseMountOptions } from "../linux/mount-options.ts";
import type { Mount } from "../spec/generated/types.ts";
import { hostDev } from "./devices.ts";
import type { Step } from "./generated/step.ts";
import { containerPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

/** Indices of the mounts that are made writable and sealed by sealSteps. Linear in the mounts. */
export function sealedLate(context: PlanContext): ReadonlySet<number> {
  const mounts = context.spec.mounts ?? [];
  const late = new Set<number>();
  if (!mounts.some(wantsSealing)) return late;
  const above = new Set(madeLater(context).flatMap(ancestors));
  const covered = new Set<string>();
  for (let index = mounts.length - 1; index >= 0; index--) {
    const mount = mounts[index] as Mount;
    const target = containerPath(mount.destination);
    const over = ancestors(target);
    const visible = !covered.has(target) && !over.some((path) => covered.has(path));
    const filled = above.has(target) || (mount.options ?? []).includes("tmpcopyup");
    if (wantsSealing(mount) && filled && visible) late.add(index);
    covered.add(target);
    for (const path of over) above.add(path);
  }
  return late;
}

function wantsSealing({ type, options = [] }: Mount): boolean {
  if (type !== "tmpfs" || !(options.includes("ro") || options.includes("rro"))) return false;
  const { bind, remount, attrSet, recAttrSet } = parseMountOptions(options);
  return !bind && !remount && ((attrSet | recAttrSet) & MOUNT_ATTR_RDONLY) !== 0;
}

/** What is made after all mounts. */
function madeLater(context: PlanContext): string[] {
  const { process, linux } = context.spec;
  return [
    ...(hostDev(context) ? [] : ["/dev/null"]),
    ...(linux?.devices ?? []).map(({ path }) => containerPath(path)),
    ...(process?.cwd ? [containerPath(process.cwd)] : []),
    ...(process?.terminal ? ["/dev/console"] : []),
  ];
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) found.push(path.slice(0, at));
  return found;
}

/** Options without what keeps a mount from being written. */
export function writable(options: MountOptions): MountOptions {
  return {
    ...options,
    attrSet: options.attrSet & ~MOUNT_ATTR_RDONLY,
    recAttrSet: options.recAttrSet & ~MOUNT_ATTR_RDONLY,
    legacyFlags: options.legacyFlags & ~MS_RDONLY,
    superblock: options.superblock.filter((key) => key !== "ro"),
  };
}

/** One remount for each mount of sealedLate. */
export function sealSteps(context: PlanContext): Step[] {
  const mounts = context.spec.mounts ?? [];
  return [...sealedLate(context)].reverse().map((index): Step => {
    const { destination, options = [] } = mounts[index] as Mount;
    const flags = flagsOf(parseMountOptions(options)) | MS_RDONLY | MS_REMOUNT | MS_BIND;
    const target = containerPath(destination);
    return {
      step: "remount",
      by: "init",
      from: `/mounts/${index}`,
      target,
      flags,
      data: "",
      recursiveSet: 0,
      recursiveClear: 0,
      propagation: [],
    };
  });
}

/** The recursive options of a new mount are its own; those of the first four bits are the same in both interfaces. */
function flagsOf({ legacyFlags, recAttrSet }: MountOptions): number {
  return legacyFlags | (recAttrSet & 0xf) | (recAttrSet & MOUNT_ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0);
}
