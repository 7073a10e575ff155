import type { Walker } from "../plan/generated/step.ts";

/** One step, walked. */
export interface StepEvent {
  /** Index in the plan. */
  readonly index: number;
  readonly by: Walker;
  /** The line that `tsrun plan` prints for it. */
  readonly text: string;
  /** JSON pointer of its cause. */
  readonly from: string;
  /** Monotonic microseconds at which it was done. */
  readonly at: number;
}
