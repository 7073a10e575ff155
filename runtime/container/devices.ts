/** The host's own device nodes, for containers that can't make theirs. */
import { isSystemError, port } from "../host/port.ts";
import { S_IFBLK, S_IFIFO, S_IFMT } from "../linux/flags.ts";
import { type DeviceNode, deviceName, deviceNodes } from "../plan/device-nodes.ts";
import type { Host } from "../plan/host.ts";
import type { Spec } from "../spec/generated/types.ts";

type DeviceSources = Pick<Host, "deviceSources" | "sameDevices">;

/** Where devices are made. */
export const NO_DEVICES: DeviceSources = { deviceSources: {}, sameDevices: new Set() };

/** Looks for every device of the config at its own path, then where udev has it by its numbers. */
export function probeDevices(spec: Spec): DeviceSources {
  const deviceSources: { [device: string]: string } = {};
  const sameDevices = new Set<string>();
  for (const node of deviceNodes(spec)) {
    if (node.type === S_IFIFO) continue;
    for (const path of placesOf(node)) {
      const found = lookAt(path, node);
      if (found === undefined) continue;
      deviceSources[deviceName(node)] ??= path;
      if (found) sameDevices.add(node.from);
      break;
    }
  }
  return { deviceSources, sameDevices };
}

function placesOf({ path, type, major, minor }: DeviceNode): string[] {
  return [path, `/dev/${type === S_IFBLK ? "block" : "char"}/${major}:${minor}`];
}

/** Undefined where there is no such node; else whether it has the mode and the owner too. */
function lookAt(path: string, node: DeviceNode): boolean | undefined {
  try {
    const { mode, uid, gid, rdevMajor, rdevMinor } = port().stat(path);
    if ((mode & S_IFMT) !== node.type || rdevMajor !== node.major || rdevMinor !== node.minor) return undefined;
    return (mode & 0o7777) === node.mode && uid === node.uid && gid === node.gid;
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
