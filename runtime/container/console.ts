/** The way of a terminal from init, which opens it in the container, to whom it is for. */
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import type { ConsolePlace } from "../plan/console.ts";
import type { ConsoleTarget } from "./options.ts";

/** What the plan needs to know of the target. */
export function consolePlace(target: ConsoleTarget | undefined): ConsolePlace | undefined {
  if (target === undefined) return undefined;
  return target.kind === "socket" ? { socket: target.path } : { socket: "", size: target.size, plain: target.plain };
}

/** Throws E_USAGE when a process with a terminal has nowhere to send it, or a socket would wait for none. */
export function requireConsole(terminal: boolean, target: ConsoleTarget | undefined, pointer: string): void {
  const details = { pointer, specRef: "config.md#process" };
  if (terminal && target === undefined) {
    throw new RuntimeError("E_USAGE", "a detached terminal needs a console socket to be sent to", details);
  }
  if (!terminal && target?.kind === "socket") {
    const { path } = target;
    throw new RuntimeError("E_USAGE", `console socket ${path}: the process has no terminal to be sent there`, details);
  }
}

/** A pair of sockets through which init hands the terminal to this process; none for any other target. */
export class Console {
  readonly #ours: number | undefined;
  readonly #theirs: number | undefined;

  constructor(terminal: boolean, target: ConsoleTarget | undefined) {
    if (terminal && target?.kind === "caller") [this.#ours, this.#theirs] = port().socketPair();
  }

  /** The end to lend to the walk of the plan. */
  get lent(): number | undefined {
    return this.#theirs;
  }

  /** The terminal's master, which is the caller's from then on. Init has sent it before its program runs. */
  receive(): number | undefined {
    if (this.#ours === undefined) return undefined;
    const master = port().receiveDescriptor(this.#ours);
    if (master === null) throw new RuntimeError("E_INTERNAL", "init has sent no terminal");
    return master;
  }

  close(): void {
    for (const end of [this.#ours, this.#theirs]) if (end !== undefined) port().close(end);
  }
}
