/** Why init was lost while the container was being made: mostly a memory limit that leaves it no room. */
import { oomKilled } from "../cgroups/control.ts";
import { RuntimeError } from "../errors.ts";
import type { Resources, Spec } from "../spec/generated/types.ts";
import { escapeKey } from "../spec/pointer.ts";

/** Errors that lack of memory in the container can cause. */
const SUSPECT = new Set(["E_INIT_LOST", "E_HOOK_FAILED"]);

interface Limit {
  readonly pointer: string;
  readonly text: string;
}

/**
 * `error`, or in its place that the kernel killed a process of the container for lack of memory. To be asked before the
 * cgroups are removed, which know it.
 */
export function explainLoss(error: unknown, spec: Spec, cgroupPaths: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof RuntimeError)) return error;
  if (!SUSPECT.has(error.code) && error.details.errno !== "ENOMEM") return error;
  if (!oomKilled(cgroupPaths)) return error;
  const limit = limitOf(spec.linux?.resources ?? {});
  const reason = limit === undefined ? "the cgroup it is in has too little" : `${limit.text} is too low`;
  return new RuntimeError("E_INIT_LOST", `container ran out of memory while it was made: ${reason}`, {
    pointer: limit?.pointer,
    phase: error.details.phase,
    cause: error,
  });
}

/** The limit that a container's memory has by its config, as v1 and v2 spell it. */
function limitOf({ memory, unified }: Resources): Limit | undefined {
  const limit = memory?.limit;
  if (limit !== undefined && limit > 0) {
    return { pointer: "/linux/resources/memory/limit", text: `the limit of ${limit} bytes` };
  }
  const file = ["memory.max", "memory.high"].find((name) => unified?.[name] !== undefined);
  if (file === undefined) return undefined;
  return { pointer: `/linux/resources/unified/${escapeKey(file)}`, text: `${file} ${unified?.[file]}` };
}
