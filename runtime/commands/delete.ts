import { deleteContainer } from "../container/delete.ts";
import { matchingContainers, stoppedContainers } from "../container/select.ts";
import { RuntimeError } from "../errors.ts";
import { forEach } from "./each.ts";
import type { Invocation } from "./invocation.ts";

/** `delete`: removes what stopped containers hold; with --force those in any state, and one that is not there. */
export async function deleteEach(call: Invocation): Promise<number> {
  const { context, flags } = call;
  const force = flags.on("force");
  await forEach(context, chosen(call), (id) => deleteContainer(context, id, { force }));
  return 0;
}

/** The ids meant: as they stand, by pattern, or those of all stopped containers. Throws E_USAGE. */
function chosen({ context, args, flags }: Invocation): readonly string[] {
  const allStopped = flags.on("all-stopped");
  if (allStopped === args.length > 0) {
    throw new RuntimeError("E_USAGE", "delete: either container ids or --all-stopped is expected");
  }
  if (allStopped) return stoppedContainers(context);
  if (!flags.on("regex")) return args;
  return [...new Set(args.flatMap((pattern) => matchingContainers(context, pattern)))];
}
