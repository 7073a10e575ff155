/** Whether a recorded process still lives, told by its start time: a pid alone may be reused. */
import { type ExitStatus, isSystemError, port } from "../host/port.ts";
import { ENOENT, ENXIO, ESRCH } from "../linux/errno.ts";
import { O_NONBLOCK, O_WRONLY } from "../linux/flags.ts";
import type { ContainerStore } from "./store.ts";

const STAT_LIMIT = 4096;

interface ProcessStat {
  /** R, S, D, Z ... of proc(5). */
  readonly state: string;
  readonly startTime: string;
  /** As wait(2) has it; 0 for a process that runs. */
  readonly exitCode: number;
}

/** State and start time of a process, or null when there is none of that pid. */
export function processStat(pid: number): ProcessStat | null {
  if (pid <= 0) return null;
  try {
    const text = port().readFile(`/proc/${pid}/stat`, STAT_LIMIT);
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTime: fields[19] ?? "", exitCode: Number(fields[49] ?? 0) };
  } catch (error) {
    if (isSystemError(error, ENOENT, ESRCH)) return null;
    throw error;
  }
}

/** How a process ended that nobody has reaped yet; null when that is not how it stands. Needs leave to ptrace it. */
export function zombieStatus(pid: number, startTime: string): ExitStatus | null {
  const stat = processStat(pid);
  if (stat === null || stat.startTime !== startTime || stat.state !== "Z") return null;
  const signal = stat.exitCode & 0x7f;
  return signal === 0 ? { exited: (stat.exitCode >> 8) & 0xff, signal: null } : { exited: null, signal };
}

/** Whether the process of that pid and start time runs; a zombie has ended. */
export function isAlive(pid: number, startTime: string): boolean {
  const stat = processStat(pid);
  return stat !== null && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X";
}

/**
 * A pidfd that is certain to be of the recorded process: opened first, compared after. Null when it has ended.
 * The caller closes it.
 */
export function openProcess(pid: number, startTime: string): number | null {
  if (pid <= 0) return null;
  let pidfd: number;
  try {
    pidfd = port().pidfdOpen(pid);
  } catch (error) {
    if (isSystemError(error, ESRCH)) return null;
    throw error;
  }
  if (isAlive(pid, startTime)) return pidfd;
  port().close(pidfd);
  return null;
}

/** Whether init still waits for `start`: it is the only reader of its exec fifo until its execve closes it. */
export function awaitsStart(store: ContainerStore): boolean {
  try {
    port().close(port().open(`${store.folder}/exec.fifo`, O_WRONLY | O_NONBLOCK));
    return true;
  } catch (error) {
    if (isSystemError(error, ENXIO, ENOENT)) return false;
    throw error;
  }
}
