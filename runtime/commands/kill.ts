import { killContainer } from "../container/kill.ts";
import { matchingContainers } from "../container/select.ts";
import { RuntimeError } from "../errors.ts";
import { signalNumber } from "../linux/signals.ts";
import { forEach } from "./each.ts";
import type { Invocation } from "./invocation.ts";

/** `kill`: a signal, TERM if none is named, to init; with --all to every process; with --regex to all that match. */
export async function kill({ context, args, flags }: Invocation): Promise<number> {
  const [name = "", signalText = "TERM"] = args;
  // Signal 0 only asks whether the container is there: kill(2).
  const signal = signalText === "0" ? 0 : signalNumber(signalText);
  if (signal === undefined) throw new RuntimeError("E_USAGE", `kill: unknown signal ${JSON.stringify(signalText)}`);
  const ids = flags.on("regex") ? matchingContainers(context, name) : [name];
  await forEach(context, ids, (id) => killContainer(context, id, signal, { all: flags.on("all") }));
  return 0;
}
