/** Freezing and thawing: the v1 freezer and cgroup.freeze of v2. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { ENODEV, ENOENT } from "../linux/errno.ts";
import { O_WRONLY } from "../linux/flags.ts";
import { childrenOf, readIfThere } from "./files.ts";
import type { CgroupPaths } from "./types.ts";

/** How long the kernel may take, in microseconds: a task in an uninterruptible call does not stop. */
const PATIENCE = 2_000_000;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 20_000;

interface Freezer {
  readonly file: string;
  readonly on: string;
  readonly off: string;
  readonly stateFile: string;
  readonly isFrozen: (state: string) => boolean;
}

/** v1's where it is there, as everything else that names the container is there too. */
function freezerOf(paths: CgroupPaths): Freezer | undefined {
  const { freezer, unified } = paths;
  if (freezer !== undefined) {
    const file = `${freezer}/freezer.state`;
    return { file, on: "FROZEN", off: "THAWED", stateFile: file, isFrozen: (state) => state.trim() === "FROZEN" };
  }
  if (unified === undefined) return undefined;
  const stateFile = `${unified}/cgroup.events`;
  return {
    file: `${unified}/cgroup.freeze`,
    on: "1",
    off: "0",
    stateFile,
    isFrozen: (state) => /^frozen 1$/m.test(state),
  };
}

/** Whether all processes of the container stand still; false when its cgroups are gone. */
export function isFrozen(paths: CgroupPaths): boolean {
  const freezer = freezerOf(paths);
  return freezer?.isFrozen(readIfThere(freezer.stateFile) ?? "") ?? false;
}

/**
 * Freezes (`on`) or thaws the container and waits until the kernel has done it. Throws E_CGROUP when it has not within
 * two seconds, thawed again, and E_HOST_UNSUPPORTED where there is no freezer.
 */
export async function setFrozen(paths: CgroupPaths, on: boolean): Promise<void> {
  const freezer = freezerOf(paths);
  if (freezer === undefined) throw new RuntimeError("E_HOST_UNSUPPORTED", "freeze: this host has no cgroup freezer");
  const deadline = port().monotonic() + PATIENCE;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    // v1 may stop at FREEZING for good; writing the state again makes it look again.
    port().writeFile(freezer.file, on ? freezer.on : freezer.off, O_WRONLY);
    if (freezer.isFrozen(readIfThere(freezer.stateFile) ?? "") === on) return;
    if (port().monotonic() > deadline) break;
    await port().sleep(port().monotonic() + pause);
  }
  if (on) thaw(paths);
  throw new RuntimeError("E_CGROUP", `cgroup ${freezer.file}: did not ${on ? "freeze" : "thaw"} in time`);
}

/** Thaws without waiting, in every freezer that there is; what is frozen can't be killed on v1. */
export function thaw({ freezer, unified }: CgroupPaths): void {
  if (freezer !== undefined) thawTree(freezer);
  if (unified !== undefined) write(`${unified}/cgroup.freeze`, "0");
}

/** A container may have frozen a part of itself, which would outlive its SIGKILL. */
function thawTree(directory: string): void {
  write(`${directory}/freezer.state`, "THAWED");
  for (const child of childrenOf(directory)) thawTree(child);
}

function write(file: string, value: string): void {
  try {
    port().writeFile(file, value, O_WRONLY);
  } catch (error) {
    if (!isSystemError(error, ENOENT, ENODEV)) throw error;
  }
}
