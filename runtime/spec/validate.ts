/** The rules of the specification that a schema can't say, one small pure function each. */

import { RuntimeError } from "../errors.ts";
import { type Finding, NONE, type Warning } from "./finding.ts";
import type { Process, Spec } from "./generated/types.ts";
import { locate } from "./json.ts";
import { devices, netDevices } from "./rules/devices.ts";
import { annotations, foreign, root, version } from "./rules/document.ts";
import { hooks } from "./rules/hooks.ts";
import { mounts } from "./rules/mounts.ts";
import { hiddenPaths, mappedIds, mappings, names, namespaces, timeOffsets } from "./rules/namespaces.ts";
import { intelRdt, memoryPolicy, mountLabel, personality } from "./rules/placement.ts";
import { PROCESS_RULES, process } from "./rules/process.ts";
import { cgroupsPath, resources } from "./rules/resources.ts";
import { seccomp } from "./rules/seccomp.ts";
import { sysctl } from "./rules/sysctl.ts";

/** A rule: what is wrong with a Spec of the right types. */
export type Rule = (spec: Spec) => readonly Finding[];

/** Every rule, in the order of the document. */
export const RULES: readonly Rule[] = [
  version,
  root,
  process,
  names,
  mounts,
  hooks,
  annotations,
  namespaces,
  mappings,
  mappedIds,
  timeOffsets,
  devices,
  netDevices,
  cgroupsPath,
  resources,
  sysctl,
  seccomp,
  hiddenPaths,
  intelRdt,
  memoryPolicy,
  personality,
  mountLabel,
  foreign,
];

/** All that the rules find in a Spec that parseSpec accepted. */
export function checkSpec(spec: Spec): Finding[] {
  return RULES.flatMap((rule) => rule(spec));
}

/**
 * Throws the first error of checkSpec as E_CONFIG_INVALID, with line and column when the text is given; returns the
 * warnings.
 */
export function requireValid(spec: Spec, text?: string): Warning[] {
  return requireNoFault(checkSpec(spec), text);
}

/** As requireValid, for a process of its own (`exec --process`), whose pointers start at it. */
export function requireValidProcess(process: Process, text?: string): Warning[] {
  const missing = process.args === undefined ? [MISSING_ARGS] : NONE;
  return requireNoFault([...missing, ...PROCESS_RULES.flatMap((rule) => rule(process, ""))], text);
}

const MISSING_ARGS: Finding = {
  severity: "error",
  code: "E_CONFIG_INVALID",
  pointer: "/args",
  message: "process.args is missing",
  specRef: "config.md#process",
};

function requireNoFault(findings: readonly Finding[], text: string | undefined): Warning[] {
  const first = findings.find((finding) => finding.severity === "error");
  if (first === undefined) return findings as Warning[];
  const { message, pointer, specRef } = first;
  const position = text === undefined ? {} : locate(text, pointer);
  throw new RuntimeError("E_CONFIG_INVALID", message, { pointer, specRef, ...position });
}
