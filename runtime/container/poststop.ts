import { RuntimeError } from "../errors.ts";
import { runHook } from "../hooks/run.ts";
import { hooksOf } from "../plan/hooks.ts";
import type { Spec } from "../spec/generated/types.ts";
import type { Record } from "../state/record.ts";
import type { Context } from "./options.ts";
import { stateJson } from "./view.ts";

/** Runs the poststop hooks after the container is gone; one that fails is a warning and the rest still run. */
export async function runPoststop(context: Context, spec: Spec, record: Record): Promise<void> {
  for (const { hook, pointer } of hooksOf(spec, "poststop")) {
    try {
      await runHook({
        kind: "poststop",
        path: hook.path,
        args: hook.args?.length ? hook.args : [hook.path],
        env: hook.env ?? [],
        timeout: hook.timeout ?? 0,
        pointer,
        cwd: record.bundle,
        state: stateJson(record, "stopped", 0),
        container: -1,
      });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      context.onWarning(error.message, pointer);
    }
  }
}
