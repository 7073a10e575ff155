import { startContainer } from "../container/start.ts";
import type { Invocation } from "./invocation.ts";

/** `start`: lets init run the program; returns when it has been executed. */
export async function start({ context, args }: Invocation): Promise<number> {
  await startContainer(context, args[0] ?? "");
  return 0;
}
