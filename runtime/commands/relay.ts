/** Between a program's terminal and the streams of this process, which is all that its user sees of it. */
import type { ConsoleTarget, RunningProcess } from "../container/options.ts";
import { isSystemError, port, type TerminalSize } from "../host/port.ts";
import { EAGAIN, EIO } from "../linux/errno.ts";
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, S_IFIFO, S_IFMT } from "../linux/flags.ts";
import { SIGNALS } from "../linux/signals.ts";
import { raw } from "../linux/termios.ts";

const STDIN = 0;
const STDOUT = 1;
const STREAMS = [0, 1, 2];
/** What a pipe that can be written to takes without blocking (PIPE_BUF). */
const PIECE = 4096;
const CHUNK = 16_384;
const NOTHING = new Uint8Array();

/**
 * A terminal as the caller of this process needs it. Carriage returns are for a terminal that is raw: one that isn't
 * adds them itself, and a file or a pipe is better off without.
 */
export function callerTarget(): ConsoleTarget {
  return { kind: "caller", size: callerSize(), plain: !(port().isatty(STDIN) && port().isatty(STDOUT)) };
}

/** The size of the terminal that the caller sits at; undefined when there is none, or it has no size. */
function callerSize(): TerminalSize | undefined {
  const own = callerTerminal();
  if (own === undefined) return undefined;
  const size = tried(() => port().terminalSize(own));
  if (!STREAMS.includes(own)) port().close(own);
  return size !== undefined && size.height > 0 && size.width > 0 ? size : undefined;
}

/** One of the streams, or what they were redirected away from. */
function callerTerminal(): number | undefined {
  return STREAMS.find((fd) => port().isatty(fd)) ?? tried(() => port().open("/dev/tty", O_RDWR | O_NOCTTY));
}

function tried<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/**
 * The same stream without blocking. O_NONBLOCK belongs to everybody who shares an open file, so a terminal or a pipe is
 * opened once more; what can't be is used as it is, and only when it is ready.
 */
function unblocked(fd: number, access: number): number {
  const again = port().isatty(fd) || (port().fstat(fd).mode & S_IFMT) === S_IFIFO;
  const flags = access | O_NONBLOCK | O_NOCTTY;
  return (again ? tried(() => port().open(`/proc/self/fd/${fd}`, flags)) : undefined) ?? fd;
}

/** Relays one program's terminal, from `start` to `stop`. */
export class Relay {
  readonly #process: RunningProcess;
  readonly #master: number;
  readonly #caller = callerTerminal();
  readonly #input = unblocked(STDIN, O_RDONLY);
  readonly #output = unblocked(STDOUT, O_WRONLY);
  readonly #typed = port().isatty(STDIN);
  /** The mode that the caller's terminal gets back. */
  #before: Uint8Array | undefined;
  #pumping = Promise.resolve();
  /** The program has ended, or lost its terminal: nothing more is for it. */
  #over = false;
  #wake = (): void => undefined;

  /** `master` is the process's terminal. */
  constructor(process: RunningProcess, master: number) {
    this.#process = process;
    this.#master = master;
  }

  /** Begins. The promise never resolves; it rejects when the relay can't go on. */
  async start(): Promise<never> {
    port().setNonblocking(this.#master);
    this.#takeOver();
    this.#pumping = this.#pumpOutput();
    await Promise.all([this.#pumping, this.#pumpInput()]);
    return new Promise(() => undefined);
  }

  /** Whether a signal was meant for the terminal and not for the program. */
  takes(signal: number): boolean {
    if (signal === SIGNALS.CONT) this.#takeOver();
    if (signal === SIGNALS.WINCH) this.#resize();
    return signal === SIGNALS.WINCH;
  }

  /** The program has ended: resolves when all that it wrote is out. */
  async finish(): Promise<void> {
    this.#over = true;
    this.#wake();
    await this.#pumping;
  }

  /** Gives the caller's terminal back. */
  stop(): void {
    if (this.#before !== undefined) tried(() => port().setTerminalMode(STDIN, this.#before ?? NOTHING));
    port().restoreAtEnd(-1, NOTHING);
  }

  /** Raw, so that the program's own terminal interprets what is typed; again after the shell had the terminal. */
  #takeOver(): void {
    this.#resize();
    if (!this.#typed) return;
    this.#before ??= port().terminalMode(STDIN);
    port().restoreAtEnd(STDIN, this.#before);
    // Where the output goes elsewhere, others may write to the terminal: the next in a pipeline.
    port().setTerminalMode(STDIN, raw(this.#before, port().isatty(STDOUT)));
  }

  #resize(): void {
    const size = this.#caller === undefined ? undefined : tried(() => port().terminalSize(this.#caller ?? -1));
    if (size !== undefined && !this.#over) tried(() => port().setTerminalSize(this.#master, size.height, size.width));
  }

  async #pumpOutput(): Promise<void> {
    for (;;) {
      const bytes = this.#take();
      if (bytes === undefined && this.#over) return;
      if (bytes === undefined) await this.#readable();
      else if (bytes.length === 0) return;
      else if (!(await this.#put(bytes))) return this.#hangUp();
    }
  }

  /** With nobody to read it, the terminal of the program is gone as the caller's would be. */
  #hangUp(): void {
    this.#over = true;
    this.#process.hangUp();
  }

  /** What the program has written; undefined for nothing now, empty when nobody holds its terminal any more (EIO). */
  #take(): Uint8Array | undefined {
    try {
      return port().read(this.#master, CHUNK);
    } catch (error) {
      if (isSystemError(error, EAGAIN)) return undefined;
      if (isSystemError(error, EIO)) return NOTHING;
      throw error;
    }
  }

  /** Resolves when there is something to take, or the program has ended. */
  #readable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      port()
        .wait(this.#master, "read")
        .then(() => resolve(), reject);
    });
  }

  /** False when nobody takes the output any more. */
  async #put(bytes: Uint8Array): Promise<boolean> {
    for (let rest = bytes; rest.length > 0; ) {
      await port().wait(this.#output, "write");
      try {
        rest = rest.subarray(port().write(this.#output, rest.subarray(0, PIECE)));
      } catch (error) {
        if (!isSystemError(error)) throw error;
        if (error.errno !== EAGAIN) return false;
      }
    }
    return true;
  }

  /** The end of the input is none for the program, which may still be given a terminal's ^D. */
  async #pumpInput(): Promise<void> {
    for (;;) {
      await port().wait(this.#input, "read");
      if (this.#over) return;
      const bytes = this.#typedBytes();
      if (bytes?.length === 0) return;
      if (bytes !== undefined && !(await this.#type(bytes))) return;
    }
  }

  #typedBytes(): Uint8Array | undefined {
    try {
      return port().read(this.#input, PIECE);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return error.errno === EAGAIN ? undefined : NOTHING;
    }
  }

  /** False when nobody holds the program's terminal any more. */
  async #type(bytes: Uint8Array): Promise<boolean> {
    for (let rest = bytes; rest.length > 0; ) {
      try {
        rest = rest.subarray(port().write(this.#master, rest));
      } catch (error) {
        if (!isSystemError(error)) throw error;
        if (error.errno !== EAGAIN || !(await this.#writable())) return false;
      }
    }
    return true;
  }

  /** False when nothing is for the program any more. */
  async #writable(): Promise<boolean> {
    try {
      await port().wait(this.#master, "write");
      return !this.#over;
    } catch (error) {
      if (isSystemError(error)) return false;
      throw error;
    }
  }
}
