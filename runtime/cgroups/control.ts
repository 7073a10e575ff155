/** What is done to the cgroups of a container that exists: their end, and what they tell. */
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import { childrenOf, readIfThere, removeEmpty } from "./files.ts";
import { thaw } from "./freeze.ts";
import { directoriesOf, killIn, pidsIn } from "./processes.ts";
import type { CgroupPaths } from "./types.ts";

export { isFrozen, setFrozen, thaw } from "./freeze.ts";
export { processesIn, signalAll } from "./processes.ts";
export type { CgroupPaths } from "./types.ts";

export interface RemoveOptions {
  /**
   * Whether processes in these cgroups are the container's, to be killed. False when create did not come as far as
   * taking them: then whoever is there is somebody else, and stays.
   */
  readonly kill: boolean;
  /** Parents that makeCgroup made for this container; removed too where nothing else has moved in. */
  readonly made?: readonly string[];
}

/** Microseconds between attempts; killed processes need a moment to end. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 50_000;
const PATIENCE = 5_000_000;
/** An init whose parent has died ends by itself, at once. */
const SHORT_PATIENCE = 100_000;

/**
 * Removes the container's cgroups with all below them, killing what is left in them. What is gone already is no error.
 * Throws E_CGROUP when one is still in use after five seconds; without `kill` that is no error, and waited for less.
 */
export async function removeCgroups(paths: CgroupPaths, { kill, made = [] }: RemoveOptions): Promise<void> {
  const directories = directoriesOf(paths);
  let left = directories.filter((directory) => !removeEmpty(directory));
  if (left.length > 0 && kill) {
    thaw(paths);
    left = await retry(left, PATIENCE, (all) => killAndRemove(all, paths.unified));
  } else if (left.length > 0) left = await retry(left, SHORT_PATIENCE, removeDeserted);
  const parents = made.filter((directory) => !directories.includes(directory));
  for (const parent of parents.sort((one, other) => other.length - one.length)) removeEmpty(parent);
  const [first] = left;
  if (first === undefined || !kill) return;
  throw new RuntimeError("E_CGROUP", `cgroup ${first}: still in use, although all its processes were killed`);
}

/** Repeats until nothing is left or the time (microseconds) is over; gives back what is left. */
async function retry(
  directories: readonly string[],
  patience: number,
  attempt: (left: readonly string[]) => string[],
): Promise<string[]> {
  const deadline = port().monotonic() + patience;
  let left = attempt(directories);
  for (let pause = FIRST_PAUSE; left.length > 0; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (port().monotonic() > deadline) break;
    await port().sleep(port().monotonic() + pause);
    left = attempt(left);
  }
  return left;
}

function killAndRemove(directories: readonly string[], unified: string | undefined): string[] {
  killIn(directories, unified);
  return directories.filter((directory) => !removeTree(directory));
}

/** Whole trees without a single process; what somebody is in stays as it is. */
function removeDeserted(directories: readonly string[]): string[] {
  return directories.filter((directory) => pidsIn(directory).length > 0 || !removeTree(directory));
}

/** Deepest first; true when the top is gone. */
function removeTree(directory: string): boolean {
  if (removeEmpty(directory)) return true;
  for (const child of childrenOf(directory)) removeTree(child);
  return removeEmpty(directory);
}

/** How often the kernel's OOM killer has struck in the container (v1: Linux 4.13); 0 when its cgroups are gone. */
export function oomKills({ memory, unified }: CgroupPaths): number {
  if (memory === undefined && unified === undefined) return 0;
  const text = readIfThere(memory === undefined ? `${unified}/memory.events` : `${memory}/memory.oom_control`);
  return Number(/^oom_kill (\d+)$/m.exec(text ?? "")?.[1] ?? 0);
}

/** Whether a process of the container was killed for memory. */
export function oomKilled(paths: CgroupPaths): boolean {
  return oomKills(paths) > 0;
}
