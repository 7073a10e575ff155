import { killContainer } from "../container/kill.ts";
import { RuntimeError } from "../errors.ts";
import { signalNumber } from "../linux/signals.ts";
import type { Invocation } from "./invocation.ts";

/** `kill`: a signal, TERM if none is named, to init; with --all to every process of the container. */
export async function kill({ context, args, flags }: Invocation): Promise<number> {
  const [id = "", name = "TERM"] = args;
  const signal = signalNumber(name);
  if (signal === undefined) throw new RuntimeError("E_USAGE", `kill: unknown signal ${JSON.stringify(name)}`);
  await killContainer(context, id, signal, { all: flags.on("all") });
  return 0;
}
