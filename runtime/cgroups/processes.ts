/** The processes of a container, by its cgroups. */
import { isSystemError, port } from "../host/port.ts";
import { ENODEV, ENOENT, EOPNOTSUPP, ESRCH } from "../linux/errno.ts";
import { O_WRONLY } from "../linux/flags.ts";
import { childrenOf, MAX_CGROUP_FILE, readIfThere } from "./files.ts";
import { thaw } from "./freeze.ts";
import type { CgroupPaths } from "./types.ts";

const SIGKILL = 9;
/** Where a process is looked for, best first: hierarchies that a container has least reason to leave. */
const LISTED = ["freezer", "devices", "pids", "memory", "cpu", "name=systemd", "unified"];
/** A fork may escape one round of signals, not the next ones. */
const ROUNDS = 32;

/** The container's directories, each once. */
export function directoriesOf(paths: CgroupPaths): string[] {
  return [...new Set(Object.values(paths))];
}

/** Pids, as seen from here, in a cgroup and all below it; sorted, each once. Those of foreign pid namespaces are 0: left out. */
export function pidsIn(directory: string): number[] {
  const pids = new Set(ownPids(directory));
  for (const child of childrenOf(directory)) for (const pid of pidsIn(child)) pids.add(pid);
  return [...pids].sort((one, other) => one - other);
}

function ownPids(directory: string): number[] {
  try {
    const text = port().readFile(`${directory}/cgroup.procs`, MAX_CGROUP_FILE);
    return text
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0);
  } catch (error) {
    // A threaded v2 cgroup has no list of processes: its threads' processes are in the one above.
    if (isSystemError(error, ENOENT, ENODEV, EOPNOTSUPP)) return [];
    throw error;
  }
}

/** All processes of the container, init included; none when its cgroups are gone. */
export function processesIn(paths: CgroupPaths): number[] {
  const controller = LISTED.find((name) => paths[name] !== undefined) ?? Object.keys(paths)[0];
  const directory = controller === undefined ? undefined : paths[controller];
  return directory === undefined ? [] : pidsIn(directory);
}

/**
 * Sends a signal to every process of the container, once; SIGKILL until no new one turns up, and with a thaw, since
 * nothing frozen ends on v1. Throws SystemError.
 */
export function signalAll(paths: CgroupPaths, signal: number): void {
  if (signal !== SIGKILL) {
    signalPids(() => processesIn(paths), signal, new Set());
    return;
  }
  killIn(directoriesOf(paths), paths.unified);
  thaw(paths);
}

/** SIGKILL for everything in the given directories and below; the caller waits for the ends. */
export function killIn(directories: readonly string[], unified: string | undefined): void {
  if (unified !== undefined && directories.includes(unified)) killTree(unified);
  const signalled = new Set<number>();
  const list = () => directories.flatMap(pidsIn);
  for (let round = 0; round < ROUNDS && signalPids(list, SIGKILL, signalled) > 0; round += 1);
}

/** cgroup.kill (Linux 5.14) takes all at once, forks included. */
function killTree(unified: string): void {
  const file = `${unified}/cgroup.kill`;
  if (readIfThere(`${unified}/cgroup.procs`) === undefined) return;
  try {
    port().writeFile(file, "1", O_WRONLY);
  } catch (error) {
    if (!isSystemError(error, ENOENT, ENODEV, EOPNOTSUPP)) throw error;
  }
}

/** One round; a pid counts only while a second look at the list, with its pidfd in hand, still finds it there. */
function signalPids(list: () => number[], signal: number, signalled: Set<number>): number {
  const self = port().getpid();
  const fresh = list().filter((pid) => pid !== self && !signalled.has(pid));
  const opened = new Map<number, number>();
  for (const pid of new Set(fresh)) {
    const pidfd = ignoreGone(() => port().pidfdOpen(pid));
    if (pidfd !== undefined) opened.set(pid, pidfd);
  }
  const still = opened.size === 0 ? new Set<number>() : new Set(list());
  for (const [pid, pidfd] of opened) {
    signalled.add(pid);
    try {
      if (still.has(pid)) ignoreGone(() => port().pidfdSendSignal(pidfd, signal));
    } finally {
      port().close(pidfd);
    }
  }
  return opened.size;
}

function ignoreGone<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error, ESRCH)) return undefined;
    throw error;
  }
}
