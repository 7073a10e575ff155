import { containerProcesses } from "../container/processes.ts";
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import { print } from "../output.ts";
import type { Invocation } from "./invocation.ts";
import { capture, findProgram } from "./program.ts";

const DEFAULT_OPTIONS = ["-ef"];

/** `ps`: the pids of a container as JSON, or what ps(1) of the host says of them. */
export async function ps({ context, args, flags }: Invocation): Promise<number> {
  const [id = "", ...options] = args;
  const pids = containerProcesses(context, id);
  if (flags.text("format") === "json") await print(`${JSON.stringify(pids)}\n`);
  else await print(linesOf(await processTable(options.length > 0 ? options : DEFAULT_OPTIONS), pids));
  return 0;
}

async function processTable(options: readonly string[]): Promise<string> {
  const path = findProgram("ps");
  if (path === undefined) throw new RuntimeError("E_HOST_UNSUPPORTED", "ps: this host has no ps command in PATH");
  const { output, exit } = await capture({
    path,
    args: ["ps", ...options],
    env: port().environ(),
    cwd: "",
    input: new Uint8Array(0),
  });
  if (exit === 0) return output;
  const said = output.trim().split("\n")[0];
  throw new RuntimeError("E_SYSTEM", `ps ${options.join(" ")}: ended with ${exit}${said ? `: ${said}` : ""}`);
}

/** The table's head and the lines whose PID column names one of `pids`. Throws E_USAGE when there is no such column. */
export function linesOf(table: string, pids: readonly number[]): string {
  const [head = "", ...lines] = table.split("\n");
  const column = fields(head).indexOf("PID");
  if (column < 0) throw new RuntimeError("E_USAGE", "ps: its output has no PID column");
  const wanted = new Set(pids.map(String));
  const kept = lines.filter((line) => wanted.has(fields(line)[column] ?? ""));
  return [head, ...kept].map((line) => `${line}\n`).join("");
}

function fields(line: string): string[] {
  return line.split(/\s+/).filter((field) => field !== "");
}
