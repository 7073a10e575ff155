/** The steps that were walked, in Chrome's trace event format (`--trace`): for about:tracing, Perfetto, and tests. */
import { port } from "../host/port.ts";
import type { StepEvent } from "../launch/trace.ts";
import { O_CLOEXEC, O_CREAT, O_TRUNC, O_WRONLY } from "../linux/flags.ts";
import { writeAll } from "../output.ts";
import type { Walker } from "../plan/generated/step.ts";

/** One row per walker in the viewer. */
const ROWS: Readonly<Record<Walker, number>> = { parent: 0, launcher: 1, init: 2 };

export class Trace {
  readonly #fd: number;
  readonly #path: string;
  readonly #started = port().monotonic();
  readonly #events: StepEvent[] = [];

  /** Opens `path`, emptied. Throws SystemError. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = port().open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644);
  }

  add(event: StepEvent): void {
    this.#events.push(event);
  }

  /** Writes one complete event (`ph: X`) per step, from the end of the step before it to its own, and closes the file. */
  async close(): Promise<void> {
    const pid = port().getpid();
    let before = this.#started;
    const records = this.#events.map(({ index, by, text, from, at }) => {
      const ts = Math.min(before, at);
      before = at;
      return { name: text, cat: "step", ph: "X", ts, dur: at - ts, pid, tid: ROWS[by], args: { index, by, from } };
    });
    try {
      await writeAll(this.#fd, `${JSON.stringify(records, null, 1)}\n`, this.#path);
    } finally {
      port().close(this.#fd);
    }
  }
}
