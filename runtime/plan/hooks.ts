/** Where each kind of hook falls in the plan (runtime.md#lifecycle, config.md#posix-platform-hooks). */
import type { Hook, Spec } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import type { PlanContext } from "./plan.ts";

/** Hooks that create and start run inside the plan; poststart and poststop follow outside of it. */
export type PlannedHook = "prestart" | "createRuntime" | "createContainer" | "startContainer";

/** Who runs a kind of hook, and the status that the state on its stdin shows. */
const PLACE = {
  prestart: { by: "parent", status: "creating" },
  createRuntime: { by: "parent", status: "creating" },
  createContainer: { by: "init", status: "creating" },
  startContainer: { by: "init", status: "created" },
} as const;

/** The runHook steps of one kind, in the config's order. */
export function hookSteps({ spec, slots }: PlanContext, kind: PlannedHook): Step[] {
  const hooks = spec.hooks?.[kind] ?? [];
  const { by, status } = PLACE[kind];
  return hooks.map((hook, index) => ({
    step: "runHook",
    by,
    from: `/hooks/${kind}/${index}`,
    kind,
    path: hook.path,
    args: hook.args === undefined || hook.args.length === 0 ? [hook.path] : hook.args,
    env: kind === "startContainer" ? (hook.env ?? spec.process?.env ?? []) : (hook.env ?? []),
    timeout: hook.timeout ?? 0,
    slot: by === "init" ? slots.add({ kind: "state", status }) : -1,
  }));
}

/** The hooks of a kind that run outside of a plan, with their pointers. */
export function hooksOf(spec: Spec, kind: "poststart" | "poststop"): { hook: Hook; pointer: string }[] {
  return (spec.hooks?.[kind] ?? []).map((hook, index) => ({ hook, pointer: `/hooks/${kind}/${index}` }));
}
