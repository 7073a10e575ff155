/**
 * The parent's side of a plan. The plan is the protocol: init and the launcher walk their steps and stop where a step of
 * the parent is next; the parent takes its run of steps and lets them go on. Every wait is asynchronous.
 */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { ECONNRESET, EPIPE, errnoName, errnoText } from "../linux/errno.ts";
import { describe } from "../plan/describe.ts";
import { encodePlan } from "../plan/encode.ts";
import type { ParentStep } from "../plan/generated/step.ts";
import type { Plan } from "../plan/plan.ts";
import { type Descriptors, openDescriptors, type Surroundings } from "./descriptors.ts";
import { faultError } from "./faults.ts";
import { decodeMessage, encodeGo, type InitMessage, MESSAGE_SIZE } from "./message.ts";
import type { StepEvent } from "./trace.ts";

/** init, once it exists. The pidfd is the caller's to close. */
export interface Init {
  readonly pid: number;
  readonly pidfd: number;
  /** Readable when init has something to say or is gone: long parent steps watch it. */
  readonly channel: number;
}

/** What the parent can do besides cloning. */
export interface ParentHands {
  /** Takes one step; `init` is undefined before the clone. */
  walk(step: ParentStep, init: Init | undefined): void | Promise<void>;
  /** Told once, as soon as init's pid is known: the text for the state slots. */
  stateText(status: "creating" | "created", init: Init): string;
  onWarning(text: string, pointer: string): void;
  onStep?: ((event: StepEvent) => void) | undefined;
}

/**
 * Walks a plan until init waits for start, or, where the plan has no awaitStart, until its program is executed. On any
 * failure init and the launcher are killed and reaped, and the first cause is thrown.
 */
export async function walkPlan(plan: Plan, hands: ParentHands, around: Surroundings): Promise<Init> {
  const walk = new Walk(plan, hands);
  try {
    return await walk.run(around);
  } catch (error) {
    await walk.abandon();
    throw error;
  } finally {
    walk.closeChannel();
  }
}

class Walk {
  readonly #plan: Plan;
  readonly #hands: ParentHands;
  readonly #clone: number;
  #launcher: number | undefined;
  #init: Init | undefined;
  #channel = -1;
  /** What init said before the launcher told of it. */
  readonly #early: InitMessage[] = [];

  constructor(plan: Plan, hands: ParentHands) {
    this.#plan = plan;
    this.#hands = hands;
    this.#clone = plan.steps.findIndex(({ step }) => step === "clone");
  }

  async run(around: Surroundings): Promise<Init> {
    for (let index = 0; index < this.#clone; index++) await this.#take(index);
    const descriptors = openDescriptors(this.#plan.fds, around);
    try {
      this.#launch(descriptors);
      const init = this.#init ?? (await this.#awaitCloned());
      for (const { fd, status } of descriptors.states) {
        writeAll(fd, this.#hands.stateText(status, init));
        port().sealMemfd(fd);
      }
      descriptors.close();
      const born = this.#plan.steps.findIndex(({ step }) => step === "cloneInit");
      return await this.#accompany(init, Math.max(born, this.#clone) + 1);
    } finally {
      descriptors.close();
    }
  }

  /** Kills what this walk has started. */
  async abandon(): Promise<void> {
    const started = [this.#launcher, this.#init?.pidfd];
    this.#launcher = undefined;
    this.#init = undefined;
    for (const pidfd of started) {
      if (pidfd === undefined) continue;
      killAndIgnore(pidfd);
      await port().wait(pidfd, "read");
      port().waitPidfd(pidfd);
      port().close(pidfd);
    }
  }

  closeChannel(): void {
    if (this.#channel >= 0) port().close(this.#channel);
    this.#channel = -1;
  }

  #launch(descriptors: Descriptors): void {
    const step = this.#plan.steps[this.#clone];
    if (step?.step !== "clone") throw new RuntimeError("E_INTERNAL", "a plan without clone");
    const cgroup = step.cgroup === "" ? -1 : port().openDirectory(step.cgroup);
    try {
      const launched = port().launch({
        plan: encodePlan(this.#plan.steps, this.#hands.onStep !== undefined),
        fds: descriptors.fds,
        preserve: this.#plan.preserveFds,
        namespaces: step.namespaces,
        cgroup,
        launcher: step.launcher !== 0,
      });
      this.#channel = launched.channel;
      if (step.launcher !== 0) this.#launcher = launched.pidfd;
      else this.#init = launched;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new RuntimeError("E_NAMESPACE", `${describe(step)}: ${errnoText(error.errno)}`, {
        pointer: step.from,
        phase: step.step,
        syscall: error.syscall,
        errno: errnoName(error.errno),
        cause: error,
      });
    } finally {
      if (cgroup >= 0) port().close(cgroup);
    }
    this.#event(this.#clone);
  }

  /** The launcher's part, up to its news of init's pid. */
  async #awaitCloned(): Promise<Init> {
    const born = this.#plan.steps.findIndex(({ step }) => step === "cloneInit");
    for (;;) {
      const message = await this.#receive();
      if (message === null) throw lost("the launcher");
      if (message.step > born) {
        // init may be faster with its first words than the launcher with its last ones.
        this.#early.push(message);
        continue;
      }
      this.#note(message);
      if (message.report !== "cloned") continue;
      this.#event(message.step);
      const pidfd = port().pidfdOpen(message.value);
      this.#init = { pid: message.value, pidfd, channel: this.#channel };
      await this.#reapLauncher();
      return this.#init;
    }
  }

  async #reapLauncher(): Promise<void> {
    const launcher = this.#launcher;
    if (launcher === undefined) return;
    await port().wait(launcher, "read");
    port().waitPidfd(launcher);
    port().close(launcher);
    this.#launcher = undefined;
  }

  /** Serves init's stops from `first` on. */
  async #accompany(init: Init, first: number): Promise<Init> {
    if (await this.#takeRun(first)) return init;
    for (;;) {
      const message = this.#early.shift() ?? (await this.#receive());
      if (message === null) {
        if (this.#plan.steps.some(({ step }) => step === "awaitStart")) throw lost("init");
        this.#event(this.#plan.steps.length - 1);
        return init;
      }
      this.#note(message);
      if (message.report === "reached" && (await this.#takeRun(message.step))) return init;
    }
  }

  /** Takes the parent's steps from `first` on and lets init go on; true when init's next step is to wait for start. */
  async #takeRun(first: number): Promise<boolean> {
    let index = first;
    for (; this.#plan.steps[index]?.by === "parent"; index++) await this.#take(index);
    if (index === first) return false;
    try {
      port().send(this.#channel, encodeGo(index));
    } catch (error) {
      if (!isSystemError(error, EPIPE)) throw error;
      return false;
    }
    return this.#plan.steps[index]?.step === "awaitStart";
  }

  async #take(index: number): Promise<void> {
    const step = this.#plan.steps[index];
    if (step?.by !== "parent") throw new RuntimeError("E_INTERNAL", `step ${index} is not the parent's`);
    await this.#hands.walk(step as ParentStep, this.#init);
    this.#event(index);
  }

  async #receive(): Promise<InitMessage | null> {
    for (;;) {
      try {
        const bytes = port().receive(this.#channel, MESSAGE_SIZE);
        if (bytes !== null) return bytes.length === 0 ? null : decodeMessage(bytes);
      } catch (error) {
        // The peer died with our answer unread; what it had said before still follows.
        if (isSystemError(error, ECONNRESET)) continue;
        throw error;
      }
      await port().wait(this.#channel, "read");
    }
  }

  /** Traces and warnings go to the caller; a fault ends the walk. */
  #note(message: InitMessage): void {
    const step = this.#plan.steps[message.step];
    if (step === undefined) throw new RuntimeError("E_INTERNAL", `init speaks of step ${message.step}`);
    if (message.report === "fault") throw faultError(step, message);
    if (message.report === "notice") this.#hands.onWarning(faultError(step, message).message, step.from);
    if (message.report === "walked" && step.step !== "cloneInit") this.#event(message.step, message.value / 1000);
  }

  #event(index: number, at?: number): void {
    const { onStep } = this.#hands;
    const step = this.#plan.steps[index];
    if (onStep === undefined || step === undefined) return;
    onStep({ index, by: step.by, text: describe(step), from: step.from, at: at ?? port().monotonic() });
  }
}

function lost(who: string): RuntimeError {
  return new RuntimeError("E_INIT_LOST", `${who} ended before it was ready: it was killed, or ran out of memory`);
}

function writeAll(fd: number, text: string): void {
  const bytes = port().encode(text);
  for (let done = 0; done < bytes.length; ) done += port().write(fd, bytes.subarray(done));
}

function killAndIgnore(pidfd: number): void {
  try {
    port().pidfdSendSignal(pidfd, SIGKILL);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

const SIGKILL = 9;
