/**
 * A mount of type cgroup: on v1 a tmpfs with one mount per hierarchy, on v2 the one tree. With a cgroup namespace of
 * its own the container mounts the real thing, whose root the namespace moves; without one its own directories are
 * bound, so that it never sees the host's tree (CVE-2023-25809).
 */

import { MOUNT_ATTR_RDONLY, MS_BIND, MS_RDONLY, MS_REMOUNT } from "../linux/flags.ts";
import { type ParsedMountOptions as MountOptions, parseMountOptions } from "../linux/mount-options.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Mount } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import { newMount } from "./mounts.ts";
import { hasOwn } from "./namespaces.ts";
import { containerPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

interface CgroupMount {
  readonly mount: Mount;
  readonly options: MountOptions;
  readonly from: string;
  readonly ownNamespace: boolean;
  readonly cgroupPaths: Readonly<Record<string, string>>;
}

/** One tree (v2) or a tmpfs with a mount for each hierarchy (v1 and hybrid). */
export function cgroupMountSteps(context: PlanContext, request: CgroupMount): Step[] {
  const target = containerPath(request.mount.destination);
  const { mode } = context.host.cgroups;
  if (mode === "v2" || request.mount.type === "cgroup2") return [unifiedMount(context, request, target)];
  return hierarchyMounts(context, request, target);
}

function unifiedMount(context: PlanContext, request: CgroupMount, target: string): Step {
  const { options, from } = request;
  const own = request.cgroupPaths.unified;
  if (!request.ownNamespace && own !== undefined) return bindOwn(context, own, target, options, from);
  return newMount({ from, target, type: "cgroup2", source: "cgroup", options });
}

function hierarchyMounts(context: PlanContext, request: CgroupMount, target: string): Step[] {
  const { options, from } = request;
  const tmpfs = parseMountOptions(["noexec", "nosuid", "nodev", "mode=755"]);
  const steps: Step[] = [newMount({ from, target, type: "tmpfs", source: "tmpfs", options: tmpfs })];
  for (const hierarchy of context.host.cgroups.hierarchies) {
    const name = hierarchy.name;
    const place = `${target}/${name}`;
    const own = hierarchy.controllers.map((controller) => request.cgroupPaths[controller]).find((path) => path);
    if (request.ownNamespace && !hasOwn(context.namespaces, NAMESPACES.user.flag)) {
      const data = { ...options, data: [...options.data, ...hierarchy.mountOptions] };
      steps.push(newMount({ from, target: place, type: "cgroup", source: "cgroup", options: data }));
    } else if (own !== undefined) steps.push(bindOwn(context, own, place, options, from));
    for (const controller of name.includes(",") ? name.split(",") : []) {
      steps.push({ step: "symlink", by: "init", from, path: `${target}/${controller}`, target: name, replace: 0 });
    }
  }
  const unified = request.cgroupPaths.unified;
  if (unified !== undefined) {
    const place = `${target}/unified`;
    if (request.ownNamespace) steps.push(newMount({ from, target: place, type: "cgroup2", source: "cgroup", options }));
    else steps.push(bindOwn(context, unified, place, options, from));
  }
  if ((options.attrSet & MOUNT_ATTR_RDONLY) !== 0) {
    const flags = tmpfs.legacyFlags | MS_REMOUNT | MS_BIND | MS_RDONLY;
    steps.push({
      step: "remount",
      by: "init",
      from,
      target,
      flags,
      data: "",
      recursiveSet: 0,
      recursiveClear: 0,
      propagation: [],
    });
  }
  return steps;
}

function bindOwn(context: PlanContext, path: string, target: string, options: MountOptions, from: string): Step {
  return {
    step: "bind",
    by: "init",
    from,
    target,
    source: path,
    slot: context.namespaces.hasUser
      ? context.slots.add({ kind: "tree", path, recursive: false, locked: true, from })
      : -1,
    recursive: 0,
    flags: options.legacyFlags,
    attrSet: options.attrSet,
    attrClear: options.attrClear,
    recursiveSet: options.recAttrSet,
    recursiveClear: options.recAttrClear,
    propagation: options.propagation,
    idMap: "",
    sourceNofollow: 0,
    targetNofollow: 0,
  };
}
