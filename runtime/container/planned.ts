import type { Step } from "../plan/generated/step.ts";
import { planBundle } from "./bundle.ts";
import type { Context, CreateOptions } from "./options.ts";

/** What create would do, step by step, on this host. Needs no root and touches nothing. */
export function plannedSteps(context: Context, options: CreateOptions): readonly Step[] {
  return planBundle(context, options).plan.steps;
}
