import type { ContainerState } from "../container/options.ts";
import { listContainers } from "../container/query.ts";
import { print } from "../output.ts";
import type { Invocation } from "./invocation.ts";
import { listJson, listTable } from "./state-view.ts";

/** `list`: every container below the root; one that can't be read is a warning. */
export async function list({ context, flags }: Invocation): Promise<number> {
  const states: ContainerState[] = [];
  for (const entry of listContainers(context)) {
    if ("state" in entry) states.push(entry.state);
    else context.onWarning(`list: ${entry.error.oneLine}`);
  }
  await print(rendered(states, flags.on("quiet"), flags.text("format") ?? "table"));
  return 0;
}

function rendered(states: readonly ContainerState[], quiet: boolean, format: string): string {
  if (quiet) return states.map((state) => `${state.id}\n`).join("");
  return format === "json" ? `${listJson(states)}\n` : listTable(states);
}
