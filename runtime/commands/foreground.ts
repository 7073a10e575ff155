/** Standing in for a program in the foreground: its signals go in, its exit code comes out. */
import type { ConsoleTarget, RunningProcess } from "../container/options.ts";
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { ESRCH } from "../linux/errno.ts";
import { SIGNALS, SIGRTMAX, SIGRTMIN } from "../linux/signals.ts";
import type { Flags } from "./invocation.ts";
import { callerTarget, Relay } from "./relay.ts";

/** Not passed on: what can't be caught, what says that tsrun itself is at fault, and what is about tsrun itself. */
const OWN = ["KILL", "STOP", "ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV", "SYS", "CHLD", "PIPE", "URG", "TTIN", "TTOU"];

/** The numbers of the signals that are passed on to the program. */
export const FORWARDED: readonly number[] = [
  ...Object.keys(SIGNALS).flatMap((name) => (OWN.includes(name) ? [] : [SIGNALS[name] ?? 0])),
  ...Array.from({ length: SIGRTMAX - SIGRTMIN + 1 }, (_, index) => SIGRTMIN + index),
];

/**
 * From this call on signals to this process are kept, so that none that comes while the program is being made is lost.
 * Returns the descriptor that `attend` reads them from.
 */
export function holdSignals(): number {
  return port().signalfd(FORWARDED);
}

/**
 * Where a terminal goes: to the socket of `--console-socket`, or to this process, which then has to stay. Throws E_USAGE
 * when it stays and there is a socket too.
 */
export function consoleTarget(flags: Flags, detach: boolean): ConsoleTarget | undefined {
  const path = flags.text("console-socket");
  if (!detach && path) {
    throw new RuntimeError(
      "E_USAGE",
      "--console-socket is for --detach: in the foreground the terminal is tsrun's own",
    );
  }
  if (!detach) return callerTarget();
  return path ? { kind: "socket", path } : undefined;
}

/**
 * Passes on every held and coming signal, and all that goes through the terminal if there is one, until the program has
 * ended; resolves to 0-255, or 128 + signal.
 */
export async function attend(process: RunningProcess, held: number): Promise<number> {
  const { terminal } = process;
  if (terminal === undefined) return Promise.race([process.wait(), passOn(process, held)]);
  const relay = new Relay(process, terminal);
  try {
    const code = await Promise.race([process.wait(), passOn(process, held, relay), relay.start()]);
    await relay.finish();
    return code;
  } finally {
    relay.stop();
  }
}

async function passOn(process: RunningProcess, held: number, relay?: Relay): Promise<never> {
  for (;;) {
    await port().wait(held, "read");
    for (let signal = port().readSignal(held); signal !== 0; signal = port().readSignal(held)) {
      if (relay?.takes(signal)) continue;
      try {
        process.signal(signal);
      } catch (error) {
        if (!isSystemError(error, ESRCH)) throw error;
      }
    }
  }
}
