/** Starts commands with the core's vfork and reaps them with their exact cost: Node's own spawn would be the bench. */
import { existsSync, readFileSync } from "node:fs";
import koffi from "koffi";
import { port } from "../runtime/host/port.ts";

const SYS_WAITID = process.arch === "arm64" ? 95 : 247;
const P_PIDFD = 3;
const WEXITED = 4;
const WALL = 0x40000000;
const RUSAGE_SIZE = 144;
const MICROSECONDS = 1_000_000;

const syscall = koffi
  .load("libc.so.6")
  .func("long syscall(long number, int type, int id, _Out_ void *info, int options, _Out_ void *usage)");

export interface Cost {
  /** Microseconds from spawn to exit. */
  readonly wall: number;
  /** Microseconds of user and system time. */
  readonly cpu: number;
}

/** Waits for a child and gives its CPU time (waitid(2) with rusage). Throws when it failed. */
export async function reap(pidfd: number, what: string): Promise<Omit<Cost, "wall">> {
  await port().wait(pidfd, "read");
  const info = Buffer.alloc(128);
  const usage = Buffer.alloc(RUSAGE_SIZE);
  const result = syscall(SYS_WAITID, P_PIDFD, pidfd, info, WEXITED | WALL, usage) as number;
  if (result !== 0) throw new Error(`waitid of ${what} failed`);
  port().close(pidfd);
  const status = info.readInt32LE(24);
  if (status !== 0) throw new Error(`${what} ended with ${status}`);
  const time = (at: number) => Number(usage.readBigInt64LE(at)) * MICROSECONDS + Number(usage.readBigInt64LE(at + 8));
  return { cpu: time(0) + time(16) };
}

/** The environment of every measured command. */
const ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"];
const CHUNK = 65_536;

/** Runs a command to its end. */
export async function command(path: string, args: readonly string[]): Promise<Cost> {
  const begun = port().monotonic();
  const what = [path, ...args].join(" ");
  const spawned = port().spawn({ path, args: [path, ...args], env: ENVIRONMENT, cwd: "", input: new Uint8Array() });
  const cost = await reap(spawned.pidfd, what).catch((error: Error) => {
    throw new Error(`${error.message}: ${said(spawned.output)}`);
  });
  const wall = port().monotonic() - begun;
  port().close(spawned.output);
  return { wall, ...cost };
}

function said(fd: number): string {
  try {
    return port().decode(port().read(fd, CHUNK)).trim();
  } catch {
    return "it said nothing";
  }
}

const TIME = "/usr/bin/time";

/**
 * Largest resident size of a command, KiB, or undefined where time(1) is not installed: it forks from a process so small
 * that it does not count, which this one is not.
 */
export async function peakMemory(path: string, args: readonly string[], folder: string): Promise<number | undefined> {
  if (!existsSync(TIME)) return undefined;
  const file = `${folder}/peak`;
  await command(TIME, ["--format=%M", `--output=${file}`, path, ...args]);
  return Number(readFileSync(file, "utf8"));
}
