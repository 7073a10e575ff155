import { deleteContainer } from "../container/delete.ts";
import type { Invocation } from "./invocation.ts";

/** `delete`: removes what a stopped container holds; with --force one in any state, and one that is not there. */
export async function deleteOne({ context, args, flags }: Invocation): Promise<number> {
  await deleteContainer(context, args[0] ?? "", { force: flags.on("force") });
  return 0;
}
