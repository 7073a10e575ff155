/** Rules on device nodes and network devices. */

import { NO_ID } from "../../linux/flags.ts";
import { type Finding, fault, NONE } from "../finding.ts";
import type { Device, Spec } from "../generated/types.ts";
import { escapeKey } from "../pointer.ts";
import { namespaceOf } from "./namespaces.ts";

const DEVICES_REF = "config-linux.md#devices";
const NET_REF = "config-linux.md#network-devices";
/** Bits of the kernel's dev_t. */
const MOST_MAJOR = 2 ** 12 - 1;
const MOST_MINOR = 2 ** 20 - 1;
/** IFNAMSIZ without the final NUL. */
const LONGEST_INTERFACE = 15;

/** What is wrong with a pair of device numbers; `least` is -1 where that stands for all. */
export function numberFault(major: number, minor: number, least: 0 | -1): string | undefined {
  if (major < least || major > MOST_MAJOR) return `major must be from ${least} to ${MOST_MAJOR} (got ${major})`;
  if (minor < least || minor > MOST_MINOR) return `minor must be from ${least} to ${MOST_MINOR} (got ${minor})`;
  return undefined;
}

function deviceFaults(device: Device, i: number): Finding[] {
  const found: Finding[] = [];
  const refuse = (key: string, message: string): void => {
    found.push(fault(`/linux/devices/${i}${key}`, `linux.devices[${i}]${message}`, DEVICES_REF));
  };
  const { type, path, major, minor } = device;
  if (!path.startsWith("/")) refuse("/path", `.path must be absolute (got ${JSON.stringify(path)})`);
  if (type !== "p") {
    if (major === undefined || minor === undefined) refuse("", ` of type ${type} needs major and minor`);
    const wrong = numberFault(major ?? 0, minor ?? 0, 0);
    if (wrong !== undefined) refuse("", `.${wrong}`);
  }
  for (const key of ["uid", "gid"] as const) if (device[key] === NO_ID) refuse(`/${key}`, `.${key} can't be ${NO_ID}`);
  return found;
}

function same(a: Device, b: Device): boolean {
  const kind = (type: string): string => (type === "u" ? "c" : type);
  return kind(a.type) === kind(b.type) && (a.major ?? 0) === (b.major ?? 0) && (a.minor ?? 0) === (b.minor ?? 0);
}

/** Nodes have a place and numbers; two nodes at one place are the same one. */
export function devices(spec: Spec): readonly Finding[] {
  const list = spec.linux?.devices;
  if (list === undefined) return NONE;
  const found = list.flatMap(deviceFaults);
  const byPath = new Map<string, Device>();
  list.forEach((device, i) => {
    const other = byPath.get(device.path);
    if (other === undefined) byPath.set(device.path, device);
    else if (!same(other, device)) {
      const message = `linux.devices[${i}] differs from an earlier device at ${device.path}`;
      found.push(fault(`/linux/devices/${i}`, message, DEVICES_REF));
    }
  });
  return found;
}

/** Why `name` can't be the name of a network interface (dev_valid_name of the kernel), or undefined. */
export function interfaceFault(name: string): string | undefined {
  if (name === "" || name === "." || name === "..") return "is not the name of an interface";
  if (name.length > LONGEST_INTERFACE) return `is longer than ${LONGEST_INTERFACE} characters`;
  return /[/:\s]/.test(name) ? "holds a character that no interface name has" : undefined;
}

/** Why `name` can't be what a network device is called in the container: a name, or a template ending in %d. */
function targetFault(name: string): string | undefined {
  const stem = name.replace(/%d$/, "");
  if (stem.includes("%")) return "has a % that is not a final %d";
  return stem === "" && stem !== name ? undefined : interfaceFault(stem);
}

/** Network devices move into a network namespace of the container, under names of their own. */
export function netDevices(spec: Spec): readonly Finding[] {
  const table = spec.linux?.netDevices;
  if (table === undefined || Object.keys(table).length === 0) return NONE;
  const found: Finding[] = [];
  if (namespaceOf(spec, "network") === undefined) {
    found.push(fault("/linux/netDevices", "linux.netDevices needs a network namespace", NET_REF));
  }
  const taken = new Set<string>();
  for (const [host, { name }] of Object.entries(table)) {
    const target = name || host;
    const refuse = (what: string, message: string): void => {
      const subject = `network device ${JSON.stringify(what)}`;
      found.push(fault(`/linux/netDevices/${escapeKey(host)}`, `${subject} ${message}`, NET_REF));
    };
    const wrong = interfaceFault(host) ?? (host.includes("%") ? "can't be a template" : undefined);
    const wrongTarget = target === host ? undefined : targetFault(target);
    if (wrong !== undefined) refuse(host, wrong);
    if (wrongTarget !== undefined) refuse(target, wrongTarget);
    if (taken.has(target) && !target.endsWith("%d")) refuse(target, "is the name of two devices");
    taken.add(target);
  }
  return found;
}
