/** Rules on sysctl: only parameters of a namespace that the container has may be changed. */

import type { NamespaceType } from "../../linux/namespaces.ts";
import { type Finding, fault, NONE } from "../finding.ts";
import type { Spec } from "../generated/types.ts";
import { escapeKey } from "../pointer.ts";
import { namespaceOf } from "./namespaces.ts";

const SYSCTL_REF = "config-linux.md#sysctl";

/** Parameters under /proc/sys by the namespace that holds them; a final slash takes all below. */
const NAMESPACED: readonly (readonly [path: string, type: NamespaceType])[] = [
  ["fs/mqueue/", "ipc"],
  ["kernel/domainname", "uts"],
  ["kernel/hostname", "uts"],
  ["kernel/msg_next_id", "ipc"],
  ["kernel/msgmax", "ipc"],
  ["kernel/msgmnb", "ipc"],
  ["kernel/msgmni", "ipc"],
  ["kernel/sem", "ipc"],
  ["kernel/sem_next_id", "ipc"],
  ["kernel/shm_next_id", "ipc"],
  ["kernel/shm_rmid_forced", "ipc"],
  ["kernel/shmall", "ipc"],
  ["kernel/shmmax", "ipc"],
  ["kernel/shmmni", "ipc"],
  ["net/", "network"],
  ["user/", "user"],
];

/** Parameters with a property of their own, which must not be contradicted. */
const OWN_PROPERTY: Readonly<Record<string, "hostname" | "domainname">> = {
  "kernel/hostname": "hostname",
  "kernel/domainname": "domainname",
};

/**
 * The path of a parameter below /proc/sys, as sysctl(8) reads keys: the separator is whichever of `.` and `/` comes
 * first, and the other one then stands for it inside a name (net.ipv4.conf.eth0/1.forwarding). Undefined when it has
 * an empty, `.` or `..` component, and so would not stay below /proc/sys.
 */
export function sysctlPath(key: string): string | undefined {
  const dots = key.search(/[./]/);
  const swap = dots !== -1 && key[dots] === ".";
  const path = swap ? key.replace(/[./]/g, (mark) => (mark === "." ? "/" : ".")) : key;
  const parts = path.split("/");
  return parts.some((part) => part === "" || part === "." || part === "..") ? undefined : path;
}

/** The namespace type that holds a parameter (a path of sysctlPath), or undefined for one of the whole machine. */
export function sysctlNamespace(path: string): NamespaceType | undefined {
  const row = NAMESPACED.find(([known]) => (known.endsWith("/") ? path.startsWith(known) : path === known));
  return row?.[1];
}

function problemOf(spec: Spec, key: string): string | undefined {
  const path = sysctlPath(key);
  if (path === undefined) return "is not the name of a parameter";
  const type = sysctlNamespace(path);
  if (type === undefined) return "is not in a namespace of the container";
  const property = OWN_PROPERTY[path];
  if (property === "hostname" || (property !== undefined && spec[property])) {
    return `conflicts with ${property}, which sets the same`;
  }
  return namespaceOf(spec, type) === undefined ? `needs a namespace of type ${type}` : undefined;
}

/** Every parameter is one that belongs to the container alone. */
export function sysctl(spec: Spec): readonly Finding[] {
  const table = spec.linux?.sysctl;
  if (table === undefined) return NONE;
  const found: Finding[] = [];
  for (const key of Object.keys(table)) {
    const problem = problemOf(spec, key);
    if (problem === undefined) continue;
    found.push(fault(`/linux/sysctl/${escapeKey(key)}`, `sysctl ${JSON.stringify(key)} ${problem}`, SYSCTL_REF));
  }
  return found;
}
