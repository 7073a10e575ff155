/** Runs one hook in the runtime's own namespaces (config.md#posix-platform-hooks). */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { EAGAIN, errnoName, errnoText } from "../linux/errno.ts";
import { signalName } from "../linux/signals.ts";

export interface HookCall {
  readonly kind: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Seconds; 0 for no limit. */
  readonly timeout: number;
  /** JSON pointer of the hook. */
  readonly pointer: string;
  /** Working directory: the bundle, as runc's hooks have it. */
  readonly cwd: string;
  /** The container's state for its stdin. */
  readonly state: string;
  /** A descriptor whose hang-up means that the container is gone, or -1. */
  readonly container: number;
}

const SIGKILL = 9;
const SECOND_US = 1_000_000;
/** How often a running hook looks whether its container still lives. */
const WATCH_US = 100_000;
const CHUNK = 16_384;
/** How much of a hook's output an error may quote, in characters. */
const QUOTE = 256;

/** Resolves when the hook has ended well. Throws E_HOOK_FAILED for anything else; the hook does not outlive the call. */
export async function runHook(call: HookCall): Promise<void> {
  const deadline = call.timeout > 0 ? port().monotonic() + call.timeout * SECOND_US : undefined;
  const { pidfd, output } = start(call);
  const tail = new Tail(output);
  const drained = tail.drain();
  try {
    const reason = await end(pidfd, call, deadline);
    if (reason !== undefined) {
      port().pidfdSendSignal(pidfd, SIGKILL);
      await port().wait(pidfd, "read");
    }
    const status = port().waitPidfd(pidfd);
    tail.stop();
    await drained;
    if (reason !== undefined) throw failure(call, reason, tail.text);
    if (status?.signal) throw failure(call, `killed by ${signalName(status.signal)}`, tail.text);
    if (status?.exited) throw failure(call, `exited with status ${status.exited}`, tail.text);
  } finally {
    port().close(output);
    port().close(pidfd);
  }
}

/** Waits for the hook's own end; otherwise says why it must be ended. */
async function end(pidfd: number, call: HookCall, deadline: number | undefined): Promise<string | undefined> {
  for (;;) {
    const pause = port().monotonic() + WATCH_US;
    if (await port().wait(pidfd, "read", Math.min(pause, deadline ?? pause))) return undefined;
    const now = port().monotonic();
    if (deadline !== undefined && now >= deadline) return `timed out after ${call.timeout} s`;
    if (call.container >= 0 && (await port().wait(call.container, "read", now))) return "the container's init is gone";
  }
}

function start(call: HookCall): { pidfd: number; output: number } {
  try {
    const { path, args, env, cwd } = call;
    return port().spawn({ path, args, env, cwd, input: port().encode(call.state) });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new RuntimeError("E_HOOK_FAILED", `${call.kind} hook ${call.path}: ${errnoText(error.errno)}`, {
      pointer: call.pointer,
      syscall: error.syscall,
      errno: errnoName(error.errno),
      cause: error,
    });
  }
}

function failure(call: HookCall, reason: string, output: string): RuntimeError {
  const quoted = output === "" ? "" : `: ${output}`;
  return new RuntimeError("E_HOOK_FAILED", `${call.kind} hook ${call.path}: ${reason}${quoted}`, {
    pointer: call.pointer,
    phase: "runHook",
  });
}

/** Reads a pipe to its end and keeps only the last of it, so that a hook may write as much as it likes. */
class Tail {
  readonly #fd: number;
  #kept = "";
  #stopped = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The last line that is not empty. */
  get text(): string {
    const lines = this.#kept.split("\n").filter((line) => line.trim() !== "");
    return (lines.at(-1) ?? "").trim().slice(-QUOTE);
  }

  /** Resolves at end of file, or soon after `stop`: a child of the hook may hold the pipe for ever. */
  async drain(): Promise<void> {
    while (this.#take() && !this.#stopped) {
      await port().wait(this.#fd, "read", port().monotonic() + SECOND_US / 20);
    }
  }

  stop(): void {
    this.#take();
    this.#stopped = true;
  }

  /** Reads all that is there; false at end of file. */
  #take(): boolean {
    for (;;) {
      try {
        const bytes = port().read(this.#fd, CHUNK);
        if (bytes.length === 0) return false;
        this.#kept = (this.#kept + port().decode(bytes)).slice(-4 * QUOTE);
      } catch (error) {
        if (isSystemError(error, EAGAIN)) return true;
        throw error;
      }
    }
  }
}
