import { containerState } from "../container/query.ts";
import { print } from "../output.ts";
import type { Invocation } from "./invocation.ts";
import { stateJson } from "./state-view.ts";

/** `state`: the container's state as JSON. */
export async function state({ context, args }: Invocation): Promise<number> {
  await print(`${stateJson(containerState(context, args[0] ?? ""), 2)}\n`);
  return 0;
}
