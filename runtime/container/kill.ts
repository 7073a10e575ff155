/** Signals to a container. */
import { processesIn, signalAll, thaw } from "../cgroups/control.ts";
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { ESRCH } from "../linux/errno.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { openProcess } from "../state/process.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { statusOf } from "./view.ts";

const SIGKILL = 9;

/**
 * Sends a signal to init, or with `all` to every process of the container (runtime.md#kill). Where init shares its pid
 * namespace, SIGKILL goes to all: they would outlive it. Throws E_STATE_WRONG when the container is stopped.
 */
export async function killContainer(
  context: Context,
  id: string,
  signal: number,
  options: { readonly all: boolean },
): Promise<void> {
  const store = new ContainerStore(context.root, id);
  const record = store.require();
  const status = statusOf(store, record);
  if (status === "stopped") {
    // runc's --all is for what an init in a shared pid namespace left behind: nothing left is no error.
    if (options.all) return signalAll(record.cgroupPaths, signal);
    throw notRunning(id);
  }
  const shared = (record.namespaces & NAMESPACES.pid.flag) === 0;
  if (options.all || (shared && signal === SIGKILL && processesIn(record.cgroupPaths).length > 0)) {
    return signalAll(record.cgroupPaths, signal);
  }
  const pidfd = openProcess(record.pid, record.startTime);
  if (pidfd === null) throw notRunning(id);
  try {
    port().pidfdSendSignal(pidfd, signal);
    // Nothing frozen ends on cgroup v1.
    if (signal === SIGKILL) thaw(record.cgroupPaths);
  } catch (error) {
    if (isSystemError(error, ESRCH)) throw notRunning(id);
    throw error;
  } finally {
    port().close(pidfd);
  }
}

function notRunning(id: string): RuntimeError {
  return new RuntimeError("E_STATE_WRONG", `container not running: ${id}`);
}
