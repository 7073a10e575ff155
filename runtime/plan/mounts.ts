/** The config's mounts as steps, in the listed order (config.md#mounts). */
import { RuntimeError } from "../errors.ts";
import { MS_BIND, MS_I_VERSION, MS_REMOUNT, MS_SILENT } from "../linux/flags.ts";
import { type ParsedMountOptions as MountOptions, parseMountOptions } from "../linux/mount-options.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Mount } from "../spec/generated/types.ts";
import { cgroupCover } from "./cgroup-cover.ts";
import { cgroupMountSteps } from "./cgroup-mounts.ts";
import type { MountStep, Step } from "./generated/step.ts";
import { sealedLate, writable } from "./late-readonly.ts";
import { requireMappedOptions } from "./mapped-ids.ts";
import { idMapName, mountIdMap, refuseIdMap } from "./mount-id-map.ts";
import { hasOwn } from "./namespaces.ts";
import { containerPath, hostPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

/** Filesystems whose mount point must be a real directory: a symlink there moved writes elsewhere (CVE-2019-19921). */
const REAL_DIRECTORY = new Set(["proc", "sysfs"]);
/** Flags that fsconfig(2) has no word for. */
const ONLY_MOUNT2 = MS_I_VERSION | MS_SILENT;
/** Filesystems that a user namespace may be refused, and that are then taken from the host. */
const BIND_WHEN_DENIED = new Set(["sysfs", "proc", "mqueue"]);

/** All mounts; `cgroupPaths` are the container's own cgroup directories, for mounts of type cgroup. */
export function mountSteps(context: PlanContext, cgroupPaths: Readonly<Record<string, string>>): Step[] {
  const late = sealedLate(context);
  const filesystems = new Set<string>();
  return (context.spec.mounts ?? []).flatMap((mount, index) => {
    const from = `/mounts/${index}`;
    const options = parseMountOptions(mount.options ?? []);
    const target = containerPath(mount.destination);
    if (options.remount) return [remountStep(mount, options, from, filesystems.has(target))];
    if (options.bind || mount.type === "bind") {
      filesystems.delete(target);
      return [bindStep(context, mount, options, from), ...cgroupCover(context, mount, options, from)];
    }
    if (mount.type === "cgroup" || mount.type === "cgroup2") {
      filesystems.delete(target);
      refuseIdMap(mount, options, from);
      const ownNamespace = hasOwn(context.namespaces, NAMESPACES.cgroup.flag);
      return cgroupMountSteps(context, { mount, options, from, ownNamespace, cgroupPaths });
    }
    if (ownsFilesystem(context, mount.type)) filesystems.add(target);
    else filesystems.delete(target);
    return [filesystemStep(context, mount, late.has(index) ? writable(options) : options, from)];
  });
}

function bindStep(context: PlanContext, mount: Mount, options: MountOptions, from: string): Step {
  if (!mount.source) {
    throw new RuntimeError("E_CONFIG_INVALID", `mount ${mount.destination}: a bind mount needs a source`, {
      pointer: from,
      specRef: "config.md#mounts",
    });
  }
  // A filesystem's own key=value means nothing here, and was warned of; anything else could be a misspelt "ro".
  const unknown = options.data.filter((option) => !option.includes("="));
  if (unknown.length > 0) {
    throw new RuntimeError(
      "E_CONFIG_INVALID",
      `mount ${mount.destination}: a bind mount takes no filesystem options: ${unknown.join(",")}`,
      { pointer: `${from}/options`, specRef: "config.md#linux-mount-options" },
    );
  }
  const link = options.copySymlink ? context.host.links[mount.source] : undefined;
  if (link !== undefined) {
    return { step: "symlink", by: "init", from, path: containerPath(mount.destination), target: link, replace: 2 };
  }
  const source = hostPath(mount.source, context.options.bundle);
  const recursive = options.recursiveBind;
  const idMap = mountIdMap(context, mount, options, from);
  const follow = !options.sourceNofollow;
  const byParent = context.namespaces.hasUser || idMap !== undefined;
  return {
    step: "bind",
    by: "init",
    from,
    target: containerPath(mount.destination),
    source,
    slot: byParent
      ? context.slots.add({
          kind: "tree",
          path: source,
          recursive,
          follow,
          locked: context.namespaces.hasUser,
          idMap,
          from,
        })
      : -1,
    recursive: Number(recursive),
    flags: options.legacyFlags,
    attrSet: options.attrSet,
    attrClear: options.attrClear,
    recursiveSet: options.recAttrSet,
    recursiveClear: options.recAttrClear,
    propagation: options.propagation,
    idMap: idMapName(idMap),
    sourceNofollow: Number(options.sourceNofollow),
    targetNofollow: Number(options.targetNofollow),
  };
}

/** Filesystems that there is one of for each namespace of a kind: without that kind they are the host's. */
const OF_NAMESPACE: Readonly<{ [type: string]: number }> = {
  sysfs: NAMESPACES.network.flag,
  proc: NAMESPACES.pid.flag,
  mqueue: NAMESPACES.ipc.flag,
};

function ownsFilesystem({ namespaces }: PlanContext, type: string | undefined): boolean {
  const flag = OF_NAMESPACE[type ?? ""];
  return flag === undefined || hasOwn(namespaces, flag);
}

/** A remount of what is the host's changes the container's mount of it, never the filesystem itself. */
function remountStep(mount: Mount, options: MountOptions, from: string, own: boolean): Step {
  return {
    step: "remount",
    by: "init",
    from,
    target: containerPath(mount.destination),
    flags: options.legacyFlags | MS_REMOUNT | (options.bind || !own ? MS_BIND : 0),
    data: own && !options.bind ? options.data.join(",") : "",
    recursiveSet: options.recAttrSet,
    recursiveClear: options.recAttrClear,
    propagation: options.propagation,
  };
}

function filesystemStep(context: PlanContext, mount: Mount, options: MountOptions, from: string): Step {
  const type = mount.type;
  if (!type) {
    throw new RuntimeError("E_CONFIG_INVALID", `mount ${mount.destination}: neither a type nor bind is given`, {
      pointer: from,
      specRef: "config.md#mounts",
    });
  }
  const source = mount.source ?? type;
  requireMappedOptions(context, mount.destination, options, from);
  const step = newMount({ from, target: containerPath(mount.destination), type, source, options });
  const idMap = mountIdMap(context, mount, options, from);
  if (idMap === undefined) return step;
  const attributes = (step.attrSet & ~step.recursiveClear) | step.recursiveSet;
  const slot = context.slots.add({ kind: "filesystem", type, source, options: step.options, attributes, idMap, from });
  return { ...step, slot, onDenied: 0, idMap: idMapName(idMap) };
}

/** A mount step of a new filesystem with parsed options. */
export function newMount(what: {
  from: string;
  target: string;
  type: string;
  source: string;
  options: MountOptions;
}): MountStep {
  const { from, target, type, source, options } = what;
  return {
    step: "mount",
    by: "init",
    from,
    target,
    type,
    source,
    options: [...options.superblock, ...options.data],
    data: options.data.join(","),
    flags: options.legacyFlags,
    attrSet: options.attrSet,
    attrClear: 0,
    recursiveSet: options.recAttrSet,
    recursiveClear: options.recAttrClear,
    propagation: options.propagation,
    legacy: Number((options.legacyFlags & ONLY_MOUNT2) !== 0),
    realDirectory: Number(REAL_DIRECTORY.has(type)),
    onDenied: Number(BIND_WHEN_DENIED.has(type)),
    keepMode: Number(type === "tmpfs" && !given(options, "mode=")),
    copyUp: Number(options.tmpcopyup),
    keepOwner: Number(options.tmpcopyup && !given(options, "uid=") && !given(options, "gid=")),
    slot: -1,
    idMap: "",
  };
}

function given({ data }: MountOptions, key: string): boolean {
  return data.some((option) => option.startsWith(key));
}
