import { waitContainer } from "../container/wait.ts";
import { print } from "../output.ts";
import type { Invocation } from "./invocation.ts";

/** `wait`: prints how the container's program ended, once it has: exit status (128 + n for signal n), signal, OOM. */
export async function wait({ context, args }: Invocation): Promise<number> {
  const [id = ""] = args;
  const { exitStatus, signal, oomKilled } = await waitContainer(context, id);
  await print(`${JSON.stringify({ id, exitStatus, ...(signal === undefined ? {} : { signal }), oomKilled })}\n`);
  return 0;
}
