/** The end of a container: processes, cgroups, folder. Works from any point at which its making was cut off. */
import { removeCgroups, thaw } from "../cgroups/control.ts";
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { ESRCH } from "../linux/errno.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { openProcess } from "../state/process.ts";
import type { Record } from "../state/record.ts";
import type { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { removeResctrl } from "./resctrl.ts";

const SIGKILL = 9;
/** How long a killed init may take: it waits for every process of its pid namespace. */
const PATIENCE_US = 10_000_000;

/** Kills what still runs and removes all that the record names; the folder goes last. */
export async function destroy(_context: Context, store: ContainerStore, record: Record | null): Promise<void> {
  if (record !== null) {
    const wasAlive = await killInit(record);
    // A pid namespace ends with its init: whoever is in the cgroup of one that had ended is somebody else's.
    const shared = (record.namespaces & NAMESPACES.pid.flag) === 0 && record.pid > 0;
    await removeCgroups(record.cgroupPaths, { kill: wasAlive || shared, made: record.cgroupsMade });
    removeResctrl(record);
  }
  store.remove();
}

/** Kills init and waits for its end; false when it had ended before. */
export async function killInit(record: Record): Promise<boolean> {
  const pidfd = openProcess(record.pid, record.startTime);
  if (pidfd === null) return false;
  try {
    port().pidfdSendSignal(pidfd, SIGKILL);
    // A frozen process does not end on v1.
    thaw(record.cgroupPaths);
    if (await port().wait(pidfd, "read", port().monotonic() + PATIENCE_US)) return true;
    throw new RuntimeError("E_SYSTEM", `container ${record.id}: init did not end when killed`);
  } catch (error) {
    if (!isSystemError(error, ESRCH)) throw error;
    return true;
  } finally {
    port().close(pidfd);
  }
}
