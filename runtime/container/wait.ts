/** How a container's program ended. */
import { oomKilled } from "../cgroups/control.ts";
import { RuntimeError } from "../errors.ts";
import { type ExitStatus, isSystemError, port } from "../host/port.ts";
import { EINVAL, ENOTTY, ESRCH } from "../linux/errno.ts";
import { openProcess, zombieStatus } from "../state/process.ts";
import type { Ending, Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";

export type { Ending } from "../state/record.ts";

/** How long its parent may take to reap it, in microseconds: only then does the kernel tell strangers. */
const REAP_PATIENCE = 2_000_000;
const PAUSE = 2_000;

/**
 * Waits for the end of a container's init, whoever its parent is, and keeps how it ended in the record. The kernel tells
 * that to others than the parent since Linux 6.15 (PIDFD_INFO_EXIT); before, only as long as the parent has not reaped
 * it. Throws E_HOST_UNSUPPORTED when it can't be known, as for one that had ended before anybody waited.
 */
export async function waitContainer(context: Context, id: string): Promise<Ending> {
  const store = new ContainerStore(context.root, id);
  const record = store.require();
  if (record.ended !== undefined) return record.ended;
  const pidfd = openProcess(record.pid, record.startTime);
  const status = pidfd === null ? zombieStatus(record.pid, record.startTime) : await endOf(record, pidfd);
  if (status === null) {
    throw new RuntimeError("E_HOST_UNSUPPORTED", `container ${id}: has ended, and its exit status was not kept`);
  }
  const ending = { ...endingOf(status), oomKilled: oomKilled(record.cgroupPaths) };
  keep(store, () => ending);
  return ending;
}

/** For a later `waitContainer`: what the parent of a container's init has got to know. */
export function keepExitStatus(context: Context, id: string, exitStatus: number): void {
  const store = new ContainerStore(context.root, id);
  keep(store, ({ cgroupPaths }) => ({ exitStatus, oomKilled: oomKilled(cgroupPaths) }));
}

/** Not while another command is at work on the record, which may be its removal. */
function keep(store: ContainerStore, ended: (record: Record) => Ending): void {
  const lock = tryLock(store);
  if (lock === null) return;
  try {
    const record = store.read();
    if (record !== null) store.save({ ...record, ended: ended(record) });
  } finally {
    port().close(lock);
  }
}

function tryLock(store: ContainerStore): number | null {
  try {
    return store.tryLock();
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "E_CONTAINER_MISSING") return null;
    throw error;
  }
}

function endingOf({ exited, signal }: ExitStatus): Omit<Ending, "oomKilled"> {
  return signal === null ? { exitStatus: exited ?? 0 } : { exitStatus: 128 + signal, signal };
}

/** Null when the kernel does not tell. */
async function endOf({ pid, startTime }: Record, pidfd: number): Promise<ExitStatus | null> {
  try {
    await port().wait(pidfd, "read");
    const deadline = port().monotonic() + REAP_PATIENCE;
    for (;;) {
      const status = zombieStatus(pid, startTime) ?? pidfdStatus(pidfd);
      if (status !== null || port().monotonic() > deadline) return status;
      await port().sleep(port().monotonic() + PAUSE);
    }
  } finally {
    port().close(pidfd);
  }
}

function pidfdStatus(pidfd: number): ExitStatus | null {
  try {
    return port().pidfdExit(pidfd);
  } catch (error) {
    if (isSystemError(error, ENOTTY, EINVAL, ESRCH)) return null;
    throw error;
  }
}
