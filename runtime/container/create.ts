/** The story of create: plan, claim the id, record, walk, hand over. */
import { removeCgroups } from "../cgroups/control.ts";
import { missingParents } from "../cgroups/execute.ts";
import { port } from "../host/port.ts";
import { type ParentHands, walkPlan } from "../launch/launch.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { FORMAT, type Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import { type PlannedBundle, planBundle } from "./bundle.ts";
import { Console, requireConsole } from "./console.ts";
import { createHands } from "./hands.ts";
import { explainLoss } from "./lost-init.ts";
import type { ConsoleTarget, Context, CreateOptions, RunningProcess } from "./options.ts";
import { writePidFile } from "./pid-file.ts";
import { withPidfdSocket } from "./pidfd-socket.ts";
import { runPoststop } from "./poststop.ts";
import { processHandle } from "./process-handle.ts";
import { removeResctrl, resctrlRecord } from "./resctrl.ts";

export interface Container {
  readonly id: string;
  readonly pid: number;
  /** init, which becomes the program at start. */
  readonly process: RunningProcess;
}

/**
 * Creates a container up to the point where its init waits for `start` (runtime.md#create). When anything fails, all
 * that was made is removed before the error is thrown.
 */
export async function createContainer(context: Context, options: CreateOptions): Promise<Container> {
  const store = new ContainerStore(context.root, options.id);
  const planned = planBundle(context, options);
  requireConsole(planned.spec.process?.terminal === true, options.console, "/process/terminal");
  store.claim();
  const lock = store.tryLock();
  try {
    return await make(context, options, store, planned);
  } catch (error) {
    const cause = explainLoss(error, planned.spec, planned.plan.cgroupPaths);
    await undo(context, store, planned);
    throw cause;
  } finally {
    if (lock !== null) port().close(lock);
  }
}

async function make(
  context: Context,
  options: CreateOptions,
  store: ContainerStore,
  planned: PlannedBundle,
): Promise<Container> {
  store.saveConfig(planned.text);
  store.makeFifos();
  if (options.notify) store.makeNotify();
  const hands = createHands(context, store, firstRecord(options, planned));
  try {
    const process = await bringUp(options, store, planned, hands);
    return { id: options.id, pid: process.pid, process };
  } catch (error) {
    hands.giveBack();
    throw error;
  } finally {
    hands.close();
  }
}

/** From the first step to the pid file. */
async function bringUp(
  options: CreateOptions,
  store: ContainerStore,
  planned: PlannedBundle,
  hands: ParentHands,
): Promise<RunningProcess> {
  const process = await withPidfdSocket(options.pidfdSocket, (announce) =>
    walk(planned, hands, store.folder, options.console, announce),
  );
  try {
    if (options.pidFile !== undefined) writePidFile(options.pidFile, process.pid);
  } catch (error) {
    process.signal(SIGKILL);
    await process.wait();
    throw error;
  }
  return process;
}

async function walk(
  { spec, plan }: PlannedBundle,
  hands: ParentHands,
  folder: string,
  target: ConsoleTarget | undefined,
  announce: (pidfd: number) => void,
): Promise<RunningProcess> {
  const console = new Console(spec.process?.terminal === true, target);
  try {
    const { pid, pidfd } = await walkPlan(plan, hands, { folder, console: console.lent });
    announce(pidfd);
    return processHandle(pid, pidfd, console.receive());
  } finally {
    console.close();
  }
}

const SIGKILL = 9;

function firstRecord(
  { id, noNewKeyring = false }: CreateOptions,
  { spec, bundle, rootfs, plan }: PlannedBundle,
): Record {
  return {
    format: FORMAT,
    ociVersion: spec.ociVersion,
    id,
    status: "creating",
    pid: 0,
    startTime: "",
    bundle,
    rootfs,
    created: timestamp(),
    uid: port().geteuid(),
    annotations: spec.annotations ?? {},
    cgroupPaths: plan.cgroupPaths,
    cgroupsMade: missingParents(plan.steps.filter((step) => step.step === "makeCgroup")),
    ownKeyring: !noNewKeyring,
    steps: plan.steps.length,
    resctrl: resctrlRecord(plan.steps),
    namespaces: (spec.linux?.namespaces ?? []).reduce((flags, { type }) => flags | NAMESPACES[type].flag, 0),
  };
}

/** RFC 3339 in UTC with nine digits, as Go writes it. */
function timestamp(): string {
  const now = port().now();
  const date = new Date(now).toISOString().slice(0, 19);
  const nanoseconds = Math.floor((now % 1000) * 1e6);
  return `${date}.${String(nanoseconds).padStart(9, "0")}Z`;
}

/** runtime.md: a create that failed leaves nothing, but its poststop hooks have run. */
async function undo(context: Context, store: ContainerStore, { spec, plan }: PlannedBundle): Promise<void> {
  const record = store.read();
  const born = record !== null && record.pid > 0;
  await removeCgroups(plan.cgroupPaths, { kill: born, made: record?.cgroupsMade ?? [] });
  if (record !== null) removeResctrl(record);
  store.remove();
  if (born) await runPoststop(context, spec, record);
}
