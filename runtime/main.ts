/** From the words of the command line to the exit code: the one place that prints errors. */
import { GLOBAL_FLAGS, HELP } from "./cli/flags.ts";
import { openLog, refuseManagers, stateRoot } from "./cli/globals.ts";
import { helpText, versionText } from "./cli/help.ts";
import { type Parsed, parseWords } from "./cli/parse.ts";
import { COMMANDS, type Command } from "./cli/table.ts";
import { Trace } from "./cli/trace.ts";
import type { Flags } from "./commands/invocation.ts";
import type { Context } from "./container/options.ts";
import { RuntimeError } from "./errors.ts";
import { port } from "./host/port.ts";
import type { StepEvent } from "./launch/trace.ts";
import { explain, Log } from "./log.ts";
import { print } from "./output.ts";
import { didYouMean } from "./spec/suggest.ts";

/** Runs what the command line asks for. Resolves to the exit code and never rejects; the host's port must be set. */
export async function main(): Promise<number> {
  let log = new Log(undefined, "text", "warning");
  try {
    const line = parseWords(port().argv(), GLOBAL_FLAGS, true, "");
    log = openLog(line.flags);
    return await obey(line, log);
  } catch (error) {
    log.error(error);
    return 1;
  } finally {
    await log.close();
  }
}

/** Answers what needs no container, and runs the command otherwise. Errors of the command line itself are thrown. */
async function obey({ flags, args }: Parsed, log: Log): Promise<number> {
  const [name, ...words] = args;
  if (flags.on("version")) return await answer(versionText());
  if (name === undefined || flags.on("help"))
    return await answer(await helpText(name === undefined ? name : find(name)));
  if (name === "help" || name === "h") {
    return await answer(await helpText(words[0] === undefined ? undefined : find(words[0])));
  }
  const command = find(name);
  const parsed = parseWords(words, [...command.flags, HELP], command.halt === true, name);
  if (parsed.flags.on("help")) return await answer(await helpText(command));
  checkCount(command, parsed.args.length);
  if (command.makes === true) refuseManagers(flags);
  return await perform(command, parsed, flags, log);
}

async function answer(text: string): Promise<number> {
  await print(text);
  return 0;
}

function find(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = [...COMMANDS.map((one) => one.name), "help"];
  throw new RuntimeError("E_USAGE", `unknown command ${JSON.stringify(name)}${didYouMean(name, names)}`);
}

function checkCount({ name, min, max, usage }: Command, count: number): void {
  if (count >= min && count <= max) return;
  const wanted = usage === "" ? "no argument is" : `${usage} is`;
  throw new RuntimeError("E_USAGE", `${name}: ${wanted} expected, got ${count} argument${count === 1 ? "" : "s"}`);
}

/** Runs one verb. Its failure is printed here, because exec's exit code for it is not everybody's. */
async function perform(command: Command, { flags, args }: Parsed, globals: Flags, log: Log): Promise<number> {
  const traceFile = globals.text("trace");
  const trace = traceFile ? new Trace(traceFile) : undefined;
  try {
    return await command
      .run({ context: contextFor(globals, log, trace), flags, args })
      .finally(() => finish(trace, log));
  } catch (error) {
    log.error(error);
    return command.failure ?? 1;
  }
}

function contextFor(globals: Flags, log: Log, trace: Trace | undefined): Context {
  const heard = trace !== undefined || globals.on("debug");
  const onStep = (event: StepEvent) => {
    trace?.add(event);
    log.debug(event.text, { step: event.index, by: event.by, pointer: event.from });
  };
  return {
    root: stateRoot(globals),
    onWarning: (text, pointer) => log.warning(text, pointer),
    onStep: heard ? onStep : undefined,
  };
}

/** A trace that can't be written does not undo what was done. */
async function finish(trace: Trace | undefined, log: Log): Promise<void> {
  try {
    await trace?.close();
  } catch (error) {
    log.warning(`the trace is not complete: ${explain(error).msg}`);
  }
}
