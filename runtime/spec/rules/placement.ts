/** Rules on what places a container on the machine: resctrl, memory policy, personality, label of its mounts. */

import { type Finding, fault, NONE, warning } from "../finding.ts";
import type { MemoryPolicy, Spec } from "../generated/types.ts";
import { isCpuList } from "./lists.ts";

const RDT_REF = "config-linux.md#intelrdt";
const POLICY_REF = "config-linux.md#memory-policy";

/** A class of service is one directory of resctrl; schemata are single lines. */
export function intelRdt(spec: Spec): readonly Finding[] {
  const own = spec.linux?.intelRdt;
  if (own === undefined) return NONE;
  const found: Finding[] = [];
  const refuse = (key: string, name: string, message: string): void => {
    found.push(fault(`/linux/intelRdt/${key}`, `linux.intelRdt.${name} ${message}`, RDT_REF));
  };
  const { closID = "", memBwSchema = "", l3CacheSchema = "", schemata = [] } = own;
  if (closID !== "/" && (/[/\n]/.test(closID) || closID === "." || closID === "..")) {
    refuse("closID", "closID", `is neither / nor a directory name (got ${JSON.stringify(closID)})`);
  }
  if (memBwSchema !== "" && !memBwSchema.startsWith("MB:")) refuse("memBwSchema", "memBwSchema", "must start with MB:");
  if (memBwSchema.includes("\n")) refuse("memBwSchema", "memBwSchema", "must be one line");
  if (l3CacheSchema.includes("\n")) refuse("l3CacheSchema", "l3CacheSchema", "must be one line");
  schemata.forEach((line, i) => {
    if (line.includes("\n")) refuse(`schemata/${i}`, `schemata[${i}]`, "must be one line");
  });
  for (const key of ["enableCMT", "enableMBM"] as const) {
    if (own[key] !== true) continue;
    const message = `linux.intelRdt.${key} is ignored: 1.3.0 has enableMonitoring instead`;
    found.push(warning("W_IGNORED", `/linux/intelRdt/${key}`, message, RDT_REF));
  }
  return found;
}

/** Whether a mode wants nodes (set_mempolicy(2)); MPOL_PREFERRED takes either. */
const WANTS_NODES: Readonly<Record<MemoryPolicy["mode"], boolean | undefined>> = {
  MPOL_DEFAULT: false,
  MPOL_LOCAL: false,
  MPOL_BIND: true,
  MPOL_INTERLEAVE: true,
  MPOL_WEIGHTED_INTERLEAVE: true,
  MPOL_PREFERRED_MANY: true,
  MPOL_PREFERRED: undefined,
};

/** Modes, nodes and flags fit each other. */
export function memoryPolicy(spec: Spec): readonly Finding[] {
  const own = spec.linux?.memoryPolicy;
  if (own === undefined) return NONE;
  const { mode, nodes = "", flags = [] } = own;
  const found: Finding[] = [];
  const refuse = (key: string, message: string): void => {
    found.push(fault(`/linux/memoryPolicy/${key}`, `linux.memoryPolicy.${key} ${message}`, POLICY_REF));
  };
  if (nodes !== "" && !isCpuList(nodes)) refuse("nodes", `must be a list such as 0-3,7 (got ${JSON.stringify(nodes)})`);
  if (WANTS_NODES[mode] === true && nodes === "") refuse("nodes", `is needed by ${mode}`);
  if (WANTS_NODES[mode] === false && nodes !== "") refuse("nodes", `can't go with ${mode}`);
  if (flags.includes("MPOL_F_RELATIVE_NODES") && flags.includes("MPOL_F_STATIC_NODES")) {
    refuse("flags", "can't have both MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES");
  }
  return found;
}

/** The label stands in quotes among the options of mount(2). */
export function mountLabel(spec: Spec): readonly Finding[] {
  const label = spec.linux?.mountLabel;
  if (label === undefined || !/["\n]/.test(label)) return NONE;
  const message = "linux.mountLabel must be one line without quotes";
  return [fault("/linux/mountLabel", message, "config-linux.md#mount-label")];
}

/** No flag of personality is defined yet. */
export function personality(spec: Spec): readonly Finding[] {
  const flag = spec.linux?.personality?.flags?.[0];
  if (flag === undefined) return NONE;
  const message = `linux.personality.flags[0] ${JSON.stringify(flag)} is unknown: none is defined`;
  return [fault("/linux/personality/flags/0", message, "config-linux.md#personality")];
}
