/** The runtimes side by side, and what one round of each case does with them. */
import { mkdirSync, readFileSync } from "node:fs";
import { port } from "../runtime/host/port.ts";
import { createContainer, deleteContainer, startContainer } from "../runtime/library.ts";
import { type Cost, command, peakMemory, reap } from "./child.ts";

export interface Runtime {
  readonly name: string;
  /** The executable, or "" for the library in this process. */
  readonly path: string;
  /** Folder of its state. */
  readonly root: string;
}

/** One measured thing: what a round costs, or undefined where the runtime can't do it. */
export type Case = (runtime: Runtime, bundle: string, id: string) => Promise<Cost> | undefined;

const QUIET = { onWarning: () => {} };

function add(costs: readonly Cost[]): Cost {
  return costs.reduce((sum, { wall, cpu }) => ({
    wall: sum.wall + wall,
    cpu: sum.cpu + cpu,
  }));
}

function call({ path, root }: Runtime, ...args: string[]): Promise<Cost> {
  return command(path, ["--root", root, ...args]);
}

/** create, start, the end of the program, delete: three commands, or three calls of the library. */
async function cycle(runtime: Runtime, bundle: string, id: string): Promise<Cost> {
  if (runtime.path === "") return resident(runtime, bundle, id);
  const pidFile = `${runtime.root}/${id}.pid`;
  const create = await call(runtime, "create", "--bundle", bundle, "--pid-file", pidFile, id);
  const pidfd = port().pidfdOpen(Number(readFileSync(pidFile, "utf8")));
  const start = await call(runtime, "start", id);
  const begun = port().monotonic();
  const { cpu } = await reap(pidfd, "the container");
  const waited = port().monotonic() - begun;
  const remove = await call(runtime, "delete", id);
  return add([create, start, { wall: waited, cpu }, remove]);
}

async function resident(runtime: Runtime, bundle: string, id: string): Promise<Cost> {
  mkdirSync(runtime.root, { recursive: true });
  const context = { root: runtime.root, ...QUIET };
  const before = process.cpuUsage();
  const begun = port().monotonic();
  const { process: init } = await createContainer(context, { id, bundle });
  await startContainer(context, id);
  await init.wait();
  init.close();
  await deleteContainer(context, id, { force: false });
  const wall = port().monotonic() - begun;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: user + system };
}

/** What needs a running container is made once and kept: `run` gets its id. */
export const CASES: Readonly<{ [name: string]: Case }> = {
  "create + start + wait + delete": cycle,
  "run /bin/true": (runtime, bundle, id) => (runtime.path ? call(runtime, "run", "--bundle", bundle, id) : undefined),
  "exec /bin/true": (runtime) => (runtime.path ? call(runtime, "exec", keeperOf(runtime), "/bin/true") : undefined),
  state: (runtime) => (runtime.path ? call(runtime, "state", keeperOf(runtime)) : undefined),
  "--version": (runtime) => (runtime.path ? command(runtime.path, ["--version"]) : undefined),
};

/** Each has its own: they share the cgroup tree. */
function keeperOf({ name }: Runtime): string {
  return `keeper-${process.pid}-${name.replace(/[^a-z]/g, "")}`;
}

/** Starts the container in which `exec` runs and of which `state` tells. */
export async function startKeeper(runtime: Runtime, bundle: string): Promise<void> {
  if (runtime.path !== "") await call(runtime, "run", "--detach", "--bundle", bundle, keeperOf(runtime));
}

export async function endKeeper(runtime: Runtime): Promise<void> {
  if (runtime.path !== "") await call(runtime, "delete", "--force", keeperOf(runtime));
}

/** Peak memory of the commands of a cycle, MB by command; undefined where it can't be told. */
export async function peaks({ path, root }: Runtime, bundle: string): Promise<Record<string, number> | undefined> {
  if (path === "") return undefined;
  const id = `peak-${process.pid}`;
  const found: Record<string, number> = {};
  const words = { create: ["--bundle", bundle], start: [], state: [], delete: ["--force"] };
  for (const [verb, flags] of Object.entries(words)) {
    const kib = await peakMemory(path, ["--root", root, verb, ...flags, id], root);
    if (kib === undefined) return undefined;
    found[verb] = kib / 1024;
  }
  return found;
}
