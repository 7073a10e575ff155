/**
 * The command line on the native host. addon/native calls `prepare` once when the program is built: whatever it leaves
 * in memory is there when a process starts, so nothing here may ask anything of the host before `start`.
 */
import { main } from "../main.ts";
import { type Native, useCore } from "./native.ts";
import { useHelp } from "./native-help.ts";
import { rehearse as play } from "./native-main/rehearsal.ts";
import { port } from "./port.ts";

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

/**
 * What the build runs in place of `start`: `life FOLDER SCENERY` plays the lives of containers, other words are a
 * command line. Resolves to 0, or to the number of commands that failed on the stage, which are then named on stderr.
 */
export async function rehearse(_program: string): Promise<number> {
  const [first, folder = "", scenery = ""] = port().argv();
  if (first !== "life") {
    await main();
    return 0;
  }
  const failed = await play(folder, Number(scenery));
  port().write(2, failed.map((line) => `${line}\n`).join(""));
  return failed.length;
}
