/** Rules on cgroupsPath and resources. Ranges that only the kernel knows are left to it. */

import { type Finding, fault, NONE } from "../finding.ts";
import type { Resources, Spec } from "../generated/types.ts";
import { escapeKey, pointerOf } from "../pointer.ts";
import { interfaceFault, numberFault } from "./devices.ts";
import { isCpuList } from "./lists.ts";

const AT = "/linux/resources";

type Rule = (resources: Resources) => readonly Finding[];

/** A fault of one property of resources, given by its keys. */
function refuse(keys: readonly (string | number)[], message: string, section: string): Finding {
  return fault(`${AT}${pointerOf(keys)}`, message, `config-linux.md#${section}`);
}

function deviceRules(resources: Resources): readonly Finding[] {
  const found: Finding[] = [];
  resources.devices?.forEach(({ major = -1, minor = -1, access }, i) => {
    const name = `linux.resources.devices[${i}]`;
    if (access !== undefined && !/^[rwm]*$/.test(access)) {
      const message = `${name}.access may hold r, w and m only (got ${JSON.stringify(access)})`;
      found.push(refuse(["devices", i, "access"], message, "allowed-device-list"));
    }
    const wrong = numberFault(major, minor, -1);
    if (wrong !== undefined) found.push(refuse(["devices", i], `${name}.${wrong}`, "allowed-device-list"));
  });
  return found;
}

const MEMORY_LIMITS = ["limit", "reservation", "swap", "kernel", "kernelTCP"] as const;

function memory({ memory: own }: Resources): readonly Finding[] {
  if (own === undefined) return NONE;
  const found: Finding[] = [];
  for (const key of MEMORY_LIMITS) {
    const value = own[key];
    if (value === undefined || value >= -1) continue;
    found.push(refuse(["memory", key], `linux.resources.memory.${key} must be -1 or more (got ${value})`, "memory"));
  }
  const { limit = 0, swap = 0, swappiness = 0 } = own;
  if (limit > 0 && swap > 0 && swap < limit) {
    const message = `linux.resources.memory.swap (${swap}) counts memory too, and can't be below limit (${limit})`;
    found.push(refuse(["memory", "swap"], message, "memory"));
  }
  if (swappiness > 100) {
    const message = `linux.resources.memory.swappiness must be an integer from 0 to 100 (got ${swappiness})`;
    found.push(refuse(["memory", "swappiness"], message, "memory"));
  }
  return found;
}

function cpu({ cpu: own }: Resources): readonly Finding[] {
  if (own === undefined) return NONE;
  const found: Finding[] = [];
  const { quota = 0, burst = 0, idle = 0 } = own;
  if (quota > 0 && burst > quota) {
    found.push(refuse(["cpu", "burst"], `linux.resources.cpu.burst (${burst}) is above quota (${quota})`, "cpu"));
  }
  if (idle !== 0 && idle !== 1) {
    found.push(refuse(["cpu", "idle"], `linux.resources.cpu.idle must be 0 or 1 (got ${idle})`, "cpu"));
  }
  for (const key of ["cpus", "mems"] as const) {
    const list = own[key];
    if (!list || isCpuList(list)) continue;
    const message = `linux.resources.cpu.${key} must be a list such as 0-3,7 (got ${JSON.stringify(list)})`;
    found.push(refuse(["cpu", key], message, "cpu"));
  }
  return found;
}

function pids({ pids: own }: Resources): readonly Finding[] {
  const limit = own?.limit ?? 0;
  if (limit >= -1) return NONE;
  return [refuse(["pids", "limit"], `linux.resources.pids.limit must be -1 or more (got ${limit})`, "pids")];
}

const DEVICE_LISTS = [
  "weightDevice",
  "throttleReadBpsDevice",
  "throttleWriteBpsDevice",
  "throttleReadIOPSDevice",
  "throttleWriteIOPSDevice",
] as const;

function blockIO({ blockIO: own }: Resources): readonly Finding[] {
  if (own === undefined) return NONE;
  const found: Finding[] = [];
  for (const key of DEVICE_LISTS) {
    own[key]?.forEach(({ major, minor }, i) => {
      const wrong = numberFault(major, minor, 0);
      if (wrong === undefined) return;
      found.push(refuse(["blockIO", key, i], `linux.resources.blockIO.${key}[${i}].${wrong}`, "block-io"));
    });
  }
  own.weightDevice?.forEach(({ weight, leafWeight }, i) => {
    if (weight !== undefined || leafWeight !== undefined) return;
    const message = `linux.resources.blockIO.weightDevice[${i}] needs weight or leafWeight`;
    found.push(refuse(["blockIO", "weightDevice", i], message, "block-io"));
  });
  return found;
}

function network({ network: own, rdma }: Resources): readonly Finding[] {
  const found: Finding[] = [];
  own?.priorities?.forEach(({ name }, i) => {
    const wrong = interfaceFault(name);
    if (wrong === undefined) return;
    const message = `linux.resources.network.priorities[${i}].name ${JSON.stringify(name)} ${wrong}`;
    found.push(refuse(["network", "priorities", i, "name"], message, "network"));
  });
  for (const [device, { hcaHandles, hcaObjects }] of Object.entries(rdma ?? {})) {
    if (hcaHandles !== undefined || hcaObjects !== undefined) continue;
    const message = `linux.resources.rdma of ${JSON.stringify(device)} needs hcaHandles or hcaObjects`;
    found.push(refuse(["rdma", device], message, "rdma"));
  }
  return found;
}

/** A key names a file of the container's own cgroup directory, never one elsewhere. */
function unified({ unified: own }: Resources): readonly Finding[] {
  const found: Finding[] = [];
  for (const key of Object.keys(own ?? {})) {
    if (key !== "" && !key.includes("/") && !key.includes("\0") && key !== "." && key !== "..") continue;
    const message = `linux.resources.unified key ${JSON.stringify(key)} is not the name of a cgroup file`;
    found.push(fault(`${AT}/unified/${escapeKey(key)}`, message, "config-linux.md#unified"));
  }
  return found;
}

const RULES: readonly Rule[] = [deviceRules, memory, cpu, pids, blockIO, network, unified];

/** Every rule on resources. */
export function resources(spec: Spec): readonly Finding[] {
  const own = spec.linux?.resources;
  return own === undefined ? NONE : RULES.flatMap((rule) => rule(own));
}

/** A cgroup path stays below the cgroup root (a `..` in it led runtimes out of it). */
export function cgroupsPath(spec: Spec): readonly Finding[] {
  const path = spec.linux?.cgroupsPath;
  if (path === undefined || !path.split("/").includes("..")) return NONE;
  const message = `linux.cgroupsPath can't have a ".." component (got ${JSON.stringify(path)})`;
  return [fault("/linux/cgroupsPath", message, "config-linux.md#cgroups-path")];
}
