/** The terminal of a process (config.md#process): opened in the container, handed out, and taken as its streams. */
import type { TerminalSize } from "../host/port.ts";
import { MS_SHARED } from "../linux/flags.ts";
import { parseMountOptions } from "../linux/mount-options.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Process, Spec } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import { hasOwn } from "./namespaces.ts";
import { containerPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";
import type { Slots } from "./slots.ts";

/** Where a terminal goes, and how large it is. */
export interface ConsolePlace {
  /** Path of the unix socket that receives it, or "" for a socket of the caller's own. */
  readonly socket: string;
  /** Instead of process.consoleSize. */
  readonly size?: TerminalSize | undefined;
  /** Newlines come out as the program writes them, without carriage returns. */
  readonly plain?: boolean | undefined;
}

const CALLER: ConsolePlace = { socket: "" };

/** The steps of exec's terminal; none without `terminal`. `pointer` is where the process stands. */
export function execConsoleSteps(process: Process, pointer: string, slots: Slots, place = CALLER): Step[] {
  return process.terminal ? consoleSteps(process, pointer, slots, place, []) : [];
}

/**
 * The steps of the container's own terminal: after the mounts, since it belongs to the container's devpts, and before
 * anything is masked or read-only, since /dev/console may have to be made and must not uncover what is hidden.
 */
export function createConsoleSteps(context: PlanContext): Step[] {
  const { process } = context.spec;
  if (!process?.terminal) return [];
  const from = "/process/terminal";
  const obstacle = obstacleOf(context);
  if (obstacle !== undefined) {
    context.warnings.push({ message: `the terminal is not bound on /dev/console: ${obstacle}`, pointer: from });
  }
  const bind: Step[] = obstacle === undefined ? [{ step: "bindConsole", by: "init", from }] : [];
  return consoleSteps(process, "/process", context.slots, context.options.console, bind);
}

function consoleSteps(process: Process, pointer: string, slots: Slots, place = CALLER, bind: Step[]): Step[] {
  const from = `${pointer}/terminal`;
  const { height, width } = place.size ?? process.consoleSize ?? { height: 0, width: 0 };
  const slot = slots.add({ kind: "console", path: place.socket, from });
  const uid = process.user?.uid ?? 0;
  return [
    { step: "openConsole", by: "init", from, uid, rows: height, columns: width, plain: place.plain ? 1 : 0 },
    ...bind,
    { step: "sendConsole", by: "init", from, slot, path: place.socket },
    { step: "useConsole", by: "init", from },
  ];
}

/** Why /dev/console can't be bound: the mount would be the host's too. */
function obstacleOf({ spec, namespaces }: PlanContext): string | undefined {
  if (!hasOwn(namespaces, NAMESPACES.mount.flag)) return "the container has the host's mounts";
  return !namespaces.hasUser && sharesDev(spec) ? "/dev is shared with the host" : undefined;
}

/** rootfsPropagation keeps the host's mounts shared, /dev is one of them, and its own options do not part the two. */
function sharesDev({ linux, mounts = [] }: Spec): boolean {
  if (!linux?.rootfsPropagation?.endsWith("shared")) return false;
  const dev = mounts.findLast(({ destination }) => containerPath(destination) === "/dev");
  const { bind, propagation } = parseMountOptions(dev?.options ?? []);
  return (bind || dev?.type === "bind") && ((propagation.at(-1) ?? MS_SHARED) & MS_SHARED) !== 0;
}
