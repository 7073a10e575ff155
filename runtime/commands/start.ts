import type { Invocation } from "./invocation.ts";
import { startWithNotices } from "./notices.ts";

/** `start`: lets init run the program; returns when it has been executed. */
export async function start({ context, args }: Invocation): Promise<number> {
  const notices = await startWithNotices(context, args[0] ?? "");
  await notices?.done;
  return 0;
}
