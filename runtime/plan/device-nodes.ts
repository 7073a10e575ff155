/** Which device nodes a container has: the defaults and those of linux.devices (config-linux.md#default-devices). */
import { S_IFBLK, S_IFCHR, S_IFIFO } from "../linux/flags.ts";
import type { Device, Spec } from "../spec/generated/types.ts";
import { containerPath } from "./paths.ts";

export interface DeviceNode {
  readonly path: string;
  /** S_IFCHR, S_IFBLK or S_IFIFO. */
  readonly type: number;
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
  readonly from: string;
  /** Whether the config says mode or owner of the node. */
  readonly exact: boolean;
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
const TYPES: Readonly<{ [Type in Device["type"]]: number }> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

/** In the order in which they are made; a configured one takes the place of a default at its path. */
export function deviceNodes(spec: Spec): DeviceNode[] {
  const configured = (spec.linux?.devices ?? []).map(configuredNode);
  const taken = new Set(configured.map(({ path }) => path));
  const defaults = DEFAULT_DEVICES.map(([name, major, minor]) => defaultNode(name, major, minor));
  return [...defaults.filter(({ path }) => !taken.has(path)), ...configured];
}

function defaultNode(name: string, major: number, minor: number): DeviceNode {
  const ids = { uid: 0, gid: 0, from: "/linux", exact: false };
  return { path: `/dev/${name}`, type: S_IFCHR, mode: DEFAULT_MODE, major, minor, ...ids };
}

function configuredNode(device: Device, index: number): DeviceNode {
  return {
    path: containerPath(device.path),
    type: TYPES[device.type],
    mode: (device.fileMode ?? DEFAULT_MODE) & 0o7777,
    major: Number(device.major ?? 0),
    minor: Number(device.minor ?? 0),
    uid: device.uid ?? 0,
    gid: device.gid ?? 0,
    from: `/linux/devices/${index}`,
    exact: device.fileMode !== undefined || Boolean(device.uid) || Boolean(device.gid),
  };
}

/** `c 1:3`: what a node is, wherever it stands. */
export function deviceName({ type, major, minor }: Pick<DeviceNode, "type" | "major" | "minor">): string {
  return `${type === S_IFBLK ? "b" : "c"} ${major}:${minor}`;
}
