import { plannedSteps } from "../container/planned.ts";
import { print, printable } from "../output.ts";
import { describe } from "../plan/describe.ts";
import type { Step } from "../plan/generated/step.ts";
import { stringifyExact } from "../spec/json.ts";
import { base64 } from "./base64.ts";
import { createOptions } from "./create.ts";
import type { Invocation } from "./invocation.ts";

/** The id that the steps carry when none is given. */
const SOME_ID = "container";

/** Descriptions longer than this do not push the pointers of all other lines away. */
const WIDEST = 72;

/** `plan`: what create would do, without doing it. */
export async function printPlan(call: Invocation): Promise<number> {
  const options = { ...(await createOptions(call, true)), id: call.args[0] ?? SOME_ID };
  const steps = plannedSteps(call.context, options);
  await print(call.flags.text("format") === "json" ? planJson(steps) : planText(steps));
  return 0;
}

/** One line per step: index, who walks it, what it does, and the pointer of its cause. */
export function planText(steps: readonly Step[]): string {
  const texts = steps.map((step) => printable(describe(step)));
  const digits = String(steps.length - 1).length;
  const width = Math.max(0, ...texts.map((text) => text.length).filter((length) => length <= WIDEST));
  return steps
    .map(({ by, from }, index) => {
      const line = `${String(index).padStart(digits)}  ${by.padEnd(8)}  ${(texts[index] ?? "").padEnd(width)}`;
      return `${from === "" ? line.trimEnd() : `${line}  ${printable(from)}`}\n`;
    })
    .join("");
}

/** The steps with all their fields; bytes as base64, integers exact. */
export function planJson(steps: readonly Step[]): string {
  const objects = steps.map(({ step, by, from, ...fields }, index) => {
    const plain = Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? base64(value) : value,
    ]);
    return {
      index,
      step,
      by,
      from,
      text: describe({ step, by, from, ...fields } as Step),
      ...Object.fromEntries(plain),
    };
  });
  return `${stringifyExact(objects, 2)}\n`;
}
