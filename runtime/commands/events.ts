import { containerEvents, containerStatistics } from "../container/events.ts";
import { RuntimeError } from "../errors.ts";
import { print } from "../output.ts";
import { stringifyExact } from "../spec/json.ts";
import type { Invocation } from "./invocation.ts";
import { statisticsView } from "./statistics-view.ts";

/** `events`: one JSON object a line, statistics at an interval and OOM events; with --stats the statistics, once. */
export async function events({ context, args, flags }: Invocation): Promise<number> {
  const [id = ""] = args;
  if (flags.on("stats")) {
    await tell({ type: "stats", id, data: statisticsView(containerStatistics(context, id)) });
    return 0;
  }
  const interval = microseconds(flags.text("interval") ?? "5s");
  if (interval === undefined || interval <= 0) {
    throw new RuntimeError("E_USAGE", `events: --interval ${flags.text("interval")}: not a time such as 5s or 1m30s`);
  }
  for await (const event of containerEvents(context, id, interval)) {
    if (event.type === "stats") await tell({ type: "stats", id, data: statisticsView(event.data) });
    else await tell({ type: event.type, id });
  }
  return 0;
}

async function tell(event: object): Promise<void> {
  await print(`${stringifyExact(event)}\n`);
}

const UNITS: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 };

/** A time as Go writes it: numbers with units, largest first. Undefined for anything else. */
export function microseconds(text: string): number | undefined {
  if (!/^((\d+\.?\d*|\.\d+)(us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+\.?\d*|\.\d+)(us|µs|ms|s|m|h)/g);
  return [...parts].reduce((sum, [, number = "", unit = ""]) => sum + Number(number) * (UNITS[unit] ?? 0), 0);
}
