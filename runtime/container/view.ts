/** The container's state as others see it: runtime.md#state for hooks, runc's shape for `state` and `list`. */

import { isFrozen, oomKilled } from "../cgroups/control.ts";
import { port } from "../host/port.ts";
import { awaitsStart, isAlive } from "../state/process.ts";
import type { Record } from "../state/record.ts";
import type { ContainerStore } from "../state/store.ts";
import type { ContainerState, Status } from "./options.ts";

/** The state that a hook gets on its stdin. */
export function stateJson(record: Record, status: Status, pid: number): string {
  const { ociVersion, id, bundle, annotations } = record;
  return JSON.stringify({
    ociVersion,
    id,
    status,
    ...(status === "stopped" ? {} : { pid }),
    bundle,
    annotations,
  });
}

/** The status now: the record tells how far create came, the process and its exec fifo tell the rest. */
export function statusOf(store: ContainerStore, record: Record): Status {
  const alive = isAlive(record.pid, record.startTime);
  if (record.status === "creating") return alive || isLocked(store) ? "creating" : "stopped";
  if (!alive) return "stopped";
  // A frozen init can't answer, whatever it waits for.
  if (isFrozen(record.cgroupPaths)) return "paused";
  return awaitsStart(store) ? "created" : "running";
}

/** Whether a command works on the container at this moment. */
function isLocked(store: ContainerStore): boolean {
  const fd = store.tryLock();
  if (fd !== null) port().close(fd);
  return fd === null;
}

/** What `state` prints. */
export function viewOf(store: ContainerStore, record: Record): ContainerState {
  const status = statusOf(store, record);
  const { ociVersion, id, bundle, rootfs, created, annotations } = record;
  return {
    ociVersion,
    id,
    pid: status === "stopped" ? 0 : record.pid,
    status,
    bundle,
    rootfs,
    created,
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(status === "stopped" && oomKilled(record.cgroupPaths) ? { oomKilled: true } : {}),
    owner: ownerName(record.uid),
  };
}

const PASSWD_LIMIT = 1 << 20;

function ownerName(uid: number): string {
  if (uid === 0) return "root";
  const lines = port().readFile("/etc/passwd", PASSWD_LIMIT).split("\n");
  return lines.find((line) => line.split(":")[2] === `${uid}`)?.split(":")[0] ?? "";
}
