/** Commands on several containers at once. */
import type { Context } from "../container/options.ts";
import { explain } from "../log.ts";

/** Does `action` for every id, whatever became of the others. All failures but the last are warnings; it is thrown. */
export async function forEach(
  context: Context,
  ids: readonly string[],
  action: (id: string) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const id of ids) {
    try {
      await action(id);
    } catch (error) {
      failures.push(error);
    }
  }
  const last = failures.pop();
  for (const error of failures) context.onWarning(explain(error).msg);
  if (last !== undefined) throw last;
}
