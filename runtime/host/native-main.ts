/**
 * The command line on the native host. addon/native calls `prepare` once when the program is built: whatever it leaves
 * in memory is there when a process starts, so nothing here may ask anything of the host before `start`.
 */
import { main } from "../main.ts";
import { type Native, useCore } from "./native.ts";
import { useHelp } from "./native-help.ts";

/** Put in its place by the bundler: every help page's usage and text. */
declare const TSRUN_HELP: readonly (readonly [usage: string, text: string])[];

/** Takes over the core's calls. */
export function prepare(core: Native): void {
  useCore(core);
  useHelp(new Map(TSRUN_HELP));
}

/** Runs the program that the file was called as. Resolves to the exit code. */
export function start(_program: string): Promise<number> {
  return main();
}
