/** The story of start: wake init, hear whether the program was executed, run poststart. */
import { RuntimeError } from "../errors.ts";
import { runHook } from "../hooks/run.ts";
import { isSystemError, port } from "../host/port.ts";
import { faultError } from "../launch/faults.ts";
import { decodeMessage, MESSAGE_SIZE } from "../launch/message.ts";
import { EAGAIN, ENXIO } from "../linux/errno.ts";
import { O_NONBLOCK, O_RDONLY, O_WRONLY } from "../linux/flags.ts";
import { describe } from "../plan/describe.ts";
import type { Step } from "../plan/generated/step.ts";
import { hooksOf } from "../plan/hooks.ts";
import { type Plan, planCreate } from "../plan/plan.ts";
import type { Spec } from "../spec/generated/types.ts";
import { parseSpec } from "../spec/load.ts";
import type { Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import { destroy } from "./destroy.ts";
import type { Context } from "./options.ts";
import { probeHost } from "./probe.ts";
import { withNotify } from "./service.ts";
import { stateJson, statusOf } from "./view.ts";

const LOCK_PATIENCE_US = 10_000_000;

/**
 * Starts the program of a created container (runtime.md#start). Throws E_STATE_WRONG without effect in any other
 * status. When the program can't be executed or a poststart hook fails, the container is stopped.
 */
export async function startContainer(context: Context, id: string): Promise<void> {
  const store = new ContainerStore(context.root, id);
  const lock = await store.lock(port().monotonic() + LOCK_PATIENCE_US);
  try {
    const record = store.require();
    const status = statusOf(store, record);
    if (lock === null || status !== "created") {
      throw new RuntimeError("E_STATE_WRONG", `cannot start container ${id}: it is ${status}`);
    }
    const { spec } = parseSpec(store.readConfig());
    if (spec.process === undefined) {
      throw new RuntimeError("E_STATE_WRONG", `cannot start container ${id}: its config has no process`, {
        pointer: "/process",
        specRef: "runtime.md#start",
      });
    }
    await release(context, store, spec, record);
    await poststart(context, store, spec, record);
  } finally {
    if (lock !== null) port().close(lock);
  }
}

/** Writes to the exec fifo and reads init's report to its end: nothing said means that execve closed it. */
async function release(context: Context, store: ContainerStore, spec: Spec, record: Record): Promise<void> {
  const report = port().open(`${store.folder}/report.fifo`, O_RDONLY | O_NONBLOCK);
  try {
    wake(store);
    for (;;) {
      const bytes = await nextBytes(report);
      if (bytes.length === 0) return executed(context, spec, record);
      const message = decodeMessage(bytes);
      const step = stepOf(replan(context, spec, record), record, message.step);
      if (step === undefined) throw new RuntimeError("E_INTERNAL", `init speaks of step ${message.step}`);
      if (message.report === "fault") throw faultError(step, message);
      if (message.report === "notice") context.onWarning(faultError(step, message).message, step.from);
      if (message.report === "walked") {
        const { by, from } = step;
        context.onStep?.({ index: message.step, by, text: describe(step), from, at: message.value / 1000 });
      }
    }
  } finally {
    port().close(report);
  }
}

/** The last step can't be told by who took it: its memory is another program's. */
function executed(context: Context, spec: Spec, record: Record): void {
  if (context.onStep === undefined) return;
  const { steps } = replan(context, spec, record);
  const last = steps.at(-1);
  if (last === undefined) return;
  const { by, from } = last;
  context.onStep({ index: steps.length - 1, by, text: describe(last), from, at: port().monotonic() });
}

/** Counted from the end: what create was told about terminals and the root changes only what comes before the wait. */
function stepOf({ steps }: Plan, record: Record, index: number): Step | undefined {
  return steps[index + steps.length - (record.steps ?? steps.length)];
}

/** The same config on the same host gives the same plan: only asked for when init has something to say. */
function replan(context: Context, written: Spec, record: Record): Plan {
  const { id, bundle, rootfs, ownKeyring: newKeyring } = record;
  const store = new ContainerStore(context.root, id);
  const spec = store.hasNotify() ? withNotify(written, store.folder) : written;
  return planCreate(spec, probeHost(spec, bundle), { id, bundle, rootfs, noPivot: false, newKeyring, preserveFds: 0 });
}

function wake(store: ContainerStore): void {
  try {
    const fifo = port().open(`${store.folder}/exec.fifo`, O_WRONLY | O_NONBLOCK);
    try {
      port().write(fifo, "0");
    } finally {
      port().close(fifo);
    }
  } catch (error) {
    if (!isSystemError(error, ENXIO)) throw error;
    throw new RuntimeError("E_STATE_WRONG", `cannot start container ${store.id}: its init is gone`);
  }
}

/** One message, or nothing at end of file. */
async function nextBytes(fd: number): Promise<Uint8Array> {
  for (;;) {
    await port().wait(fd, "read");
    try {
      return port().read(fd, MESSAGE_SIZE);
    } catch (error) {
      if (!isSystemError(error, EAGAIN)) throw error;
    }
  }
}

/** A failing poststart hook stops and destroys the container (runtime.md#lifecycle, step 9). */
async function poststart(context: Context, store: ContainerStore, spec: Spec, record: Record): Promise<void> {
  try {
    for (const { hook, pointer } of hooksOf(spec, "poststart")) {
      await runHook({
        kind: "poststart",
        path: hook.path,
        args: hook.args?.length ? hook.args : [hook.path],
        env: hook.env ?? [],
        timeout: hook.timeout ?? 0,
        pointer,
        cwd: record.bundle,
        state: stateJson(record, "running", record.pid),
        container: -1,
      });
    }
  } catch (error) {
    await destroy(context, store, record);
    throw error;
  }
}
