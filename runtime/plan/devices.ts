/** Default devices and links, and linux.devices (config-linux.md#default-devices, #devices). */
import { S_IFBLK, S_IFCHR, S_IFIFO } from "../linux/flags.ts";
import { parseMountOptions } from "../linux/mount-options.ts";
import type { Device } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import { containerPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

interface Node {
  readonly path: string;
  readonly type: number;
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
  readonly from: string;
}

const DEFAULT_MODE = 0o666;
/** Name, major, minor: what every container has. */
const DEFAULT_DEVICES: readonly (readonly [string, number, number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
];
/** Path, target, replaced when something else is there. */
const DEFAULT_LINKS: readonly (readonly [string, string, 0 | 1])[] = [
  ["/dev/fd", "/proc/self/fd", 0],
  ["/dev/stdin", "/proc/self/fd/0", 0],
  ["/dev/stdout", "/proc/self/fd/1", 0],
  ["/dev/stderr", "/proc/self/fd/2", 0],
  ["/dev/ptmx", "pts/ptmx", 1],
];
const KERNEL_CORE = ["/dev/core", "/proc/kcore", 0] as const;
const TYPES: Readonly<{ [Type in Device["type"]]: number }> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

/** Device nodes, then links; none when /dev itself is bound from the host, whose nodes are not ours to change. */
export function deviceSteps(context: PlanContext): Step[] {
  if (hostDev(context)) return [];
  const configured = (context.spec.linux?.devices ?? []).map(configuredNode);
  const taken = new Set(configured.map(({ path }) => path));
  const defaults = DEFAULT_DEVICES.map(([name, major, minor]) => defaultNode(name, major, minor));
  const nodes = [...defaults.filter(({ path }) => !taken.has(path)), ...configured];
  const links = context.host.hasKernelCore ? [...DEFAULT_LINKS, KERNEL_CORE] : DEFAULT_LINKS;
  return [
    ...nodes.map((node) => (mayMake(context, node) ? makeNode(node) : bindNode(context, node))),
    ...links
      .filter(([path]) => !taken.has(path))
      .map(([path, target, replace]): Step => {
        return { step: "symlink", by: "init", from: "/linux", path, target, replace };
      }),
  ];
}

/** Whether /dev is the host's. */
export function hostDev({ spec }: PlanContext): boolean {
  return (spec.mounts ?? []).some(
    (mount) =>
      containerPath(mount.destination) === "/dev" &&
      (mount.type === "bind" || (mount.options ?? []).some((option) => option === "bind" || option === "rbind")),
  );
}

function defaultNode(name: string, major: number, minor: number): Node {
  const path = `/dev/${name}`;
  return { path, type: S_IFCHR, mode: DEFAULT_MODE, major, minor, uid: 0, gid: 0, from: "/linux" };
}

function configuredNode(device: Device, index: number): Node {
  return {
    path: containerPath(device.path),
    type: TYPES[device.type],
    mode: (device.fileMode ?? DEFAULT_MODE) & 0o7777,
    major: Number(device.major ?? 0),
    minor: Number(device.minor ?? 0),
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
    from: `/linux/devices/${index}`,
  };
}

function makeNode(node: Node): Step {
  return { step: "makeDevice", by: "init", ...node };
}

/** A user namespace, be it the container's or the caller's own, can't make nodes other than fifos. */
function mayMake({ namespaces, host }: PlanContext, { type }: Node): boolean {
  return !namespaces.hasUser && (!host.inUserNamespace || type === S_IFIFO);
}

/** The host's node of the same path, in place of one that can't be made. */
function bindNode({ slots, namespaces }: PlanContext, { path, from }: Node): Step {
  const { attrSet, attrClear, legacyFlags } = parseMountOptions([]);
  return {
    step: "bind",
    by: "init",
    from,
    target: path,
    source: path,
    slot: namespaces.hasUser ? slots.add({ kind: "tree", path, recursive: false, from }) : -1,
    recursive: 0,
    flags: legacyFlags,
    attrSet,
    attrClear,
    recursiveSet: 0,
    recursiveClear: 0,
    propagation: [],
    idMap: "",
  };
}
