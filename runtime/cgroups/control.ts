/** What is done to the cgroups of a container that exists: their end, and what they tell. */
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import { childrenOf, readIfThere, removeEmpty } from "./files.ts";
import { thaw } from "./freeze.ts";
import { type CgroupPaths, directoriesOf, killIn } from "./processes.ts";

export { isFrozen, setFrozen } from "./freeze.ts";
export { type CgroupPaths, processesIn, signalAll } from "./processes.ts";

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

/**
 * Removes the container's cgroups with all below them, killing what is left in them. What is gone already is no error.
 * Throws E_CGROUP when one is still in use after five seconds; without `kill` that is no error either.
 */
export async function removeCgroups(paths: CgroupPaths, { kill, made = [] }: RemoveOptions): Promise<void> {
  let left = directoriesOf(paths).filter((directory) => !removeEmpty(directory));
  if (left.length > 0 && kill) {
    thaw(paths);
    left = await killAndRemove(left, paths.unified);
  }
  const own = new Set(directoriesOf(paths));
  const parents = made.filter((directory) => !own.has(directory)).sort((one, other) => other.length - one.length);
  for (const parent of parents) removeEmpty(parent);
  const [first] = left;
  if (first === undefined || !kill) return;
  throw new RuntimeError("E_CGROUP", `cgroup ${first}: still in use, although all its processes were killed`);
}

async function killAndRemove(directories: readonly string[], unified: string | undefined): Promise<string[]> {
  const deadline = port().monotonic() + PATIENCE;
  let left = [...directories];
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    killIn(left, unified);
    left = left.filter((directory) => !removeTree(directory));
    if (left.length === 0 || port().monotonic() > deadline) return left;
    await port().sleep(port().monotonic() + pause);
  }
}

/** Deepest first; true when the top is gone. */
function removeTree(directory: string): boolean {
  if (removeEmpty(directory)) return true;
  for (const child of childrenOf(directory)) removeTree(child);
  return removeEmpty(directory);
}

/** How often the kernel's OOM killer has struck in the container (v1: Linux 4.13); 0 when its cgroups are gone. */
export function oomKills({ memory, unified }: CgroupPaths): number {
  const text =
    memory !== undefined
      ? readIfThere(`${memory}/memory.oom_control`)
      : unified !== undefined
        ? readIfThere(`${unified}/memory.events`)
        : undefined;
  return Number(/^oom_kill (\d+)$/m.exec(text ?? "")?.[1] ?? 0);
}

/** Whether a process of the container was killed for memory. */
export function oomKilled(paths: CgroupPaths): boolean {
  return oomKills(paths) > 0;
}
