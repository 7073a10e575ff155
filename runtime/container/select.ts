/** Which containers a command means that names none, or names them by a pattern. */
import { RuntimeError } from "../errors.ts";
import { containerIds } from "../state/store.ts";
import type { Context } from "./options.ts";
import { listContainers } from "./query.ts";

/** Ids of the containers in which `pattern` (a regular expression, not anchored) is found. Throws E_USAGE. */
export function matchingContainers(context: Context, pattern: string): string[] {
  const expression = compiled(pattern);
  return containerIds(context.root).filter((id) => expression.test(id));
}

function compiled(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw new RuntimeError("E_USAGE", `${JSON.stringify(pattern)}: not a regular expression`);
  }
}

/** Ids of the containers whose program has ended. One that can't be read is a warning. */
export function stoppedContainers(context: Context): string[] {
  return listContainers(context).flatMap((entry) => {
    if ("state" in entry) return entry.state.status === "stopped" ? [entry.state.id] : [];
    context.onWarning(`container ${entry.id} is left out: ${entry.error.oneLine}`);
    return [];
  });
}
