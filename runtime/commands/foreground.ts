/** Standing in for a program in the foreground: its signals go in, its exit code comes out. */
import type { RunningProcess } from "../container/options.ts";
import { isSystemError, port } from "../host/port.ts";
import { ESRCH } from "../linux/errno.ts";
import { SIGNALS, SIGRTMAX, SIGRTMIN } from "../linux/signals.ts";

/** Not passed on: what can't be caught, what says that tsrun itself is at fault, and what is about tsrun itself. */
const OWN = ["KILL", "STOP", "ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV", "SYS", "CHLD", "PIPE", "URG"];

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

/** Passes on every held and coming signal until the program has ended; resolves to 0-255, or 128 + signal. */
export async function attend(process: RunningProcess, held: number): Promise<number> {
  return Promise.race([process.wait(), passOn(process, held)]);
}

async function passOn(process: RunningProcess, held: number): Promise<never> {
  for (;;) {
    await port().wait(held, "read");
    for (let signal = port().readSignal(held); signal !== 0; signal = port().readSignal(held)) {
      try {
        process.signal(signal);
      } catch (error) {
        if (!isSystemError(error, ESRCH)) throw error;
      }
    }
  }
}
