/** New limits for a container that exists: the writes of create, without its making, and undone when one fails. */
import { isSystemError, port } from "../host/port.ts";
import { O_WRONLY } from "../linux/flags.ts";
import type { WriteCgroupStep } from "../plan/generated/step.ts";
import { writeCgroup } from "./execute.ts";
import { readIfThere } from "./files.ts";
import type { CgroupLayout } from "./layout.ts";
import type { CgroupPaths, CgroupWarning, Resources } from "./types.ts";
import { controllerWrites, writeSteps } from "./writes.ts";

export interface UpdatePlan {
  readonly steps: readonly WriteCgroupStep[];
  readonly warnings: readonly CgroupWarning[];
}

/** What must be written so that `resources` hold in the saved directories of a container; devices stay as they are. */
export function planUpdate(layout: CgroupLayout, paths: CgroupPaths, resources: Resources): UpdatePlan {
  const warnings: CgroupWarning[] = [];
  const v1 = layout.hierarchies.flatMap((hierarchy) => {
    const directory = hierarchy.controllers.map((name) => paths[name]).find((path) => path !== undefined);
    return directory === undefined ? [] : [{ hierarchy, directory }];
  });
  const places = { v1, unified: paths.unified ?? "" };
  const { batches } = controllerWrites({ layout, places, resources, warnings, inUserNamespace: false });
  return { steps: [...writeSteps(batches, false), ...writeSteps(batches, true)], warnings };
}

/** Walks the steps. When one fails, what was written before it is put back and the failure is thrown (E_CGROUP). */
export function applyUpdate(steps: readonly WriteCgroupStep[], warn: CgroupWarner): void {
  const before: { readonly file: string; readonly value: string }[] = [];
  try {
    for (const step of steps) {
      for (const file of [step.otherFile, step.file]) {
        if (file !== "") before.unshift({ file, value: readIfThere(file) ?? "" });
      }
      writeCgroup(step, warn);
    }
  } catch (error) {
    // Twice, because a pair of limits may only be lowered in one order.
    for (const { file, value } of [...before, ...before]) putBack(file, value);
    throw error;
  }
}

type CgroupWarner = (message: string, pointer?: string) => void;

/** As far as the kernel takes what it has shown. */
function putBack(file: string, value: string): void {
  for (const line of value.split("\n")) {
    try {
      if (line !== "") port().writeFile(file, line, O_WRONLY);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}
