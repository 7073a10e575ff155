import { pauseContainer, resumeContainer } from "../container/pause.ts";
import type { Invocation } from "./invocation.ts";

/** `pause`: every process of the container stands still until `resume`. */
export async function pause({ context, args }: Invocation): Promise<number> {
  await pauseContainer(context, args[0] ?? "");
  return 0;
}

/** `resume`: what was paused goes on. */
export async function resume({ context, args }: Invocation): Promise<number> {
  await resumeContainer(context, args[0] ?? "");
  return 0;
}
