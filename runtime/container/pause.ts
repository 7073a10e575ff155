/** Stopping every process of a container where it stands, and letting them go on. */
import { isFrozen, setFrozen } from "../cgroups/control.ts";
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import type { Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { statusOf } from "./view.ts";

const LOCK_PATIENCE_US = 10_000_000;

/** Freezes a created or running container. Throws E_STATE_WRONG in any other status, E_CGROUP when it does not freeze. */
export async function pauseContainer(context: Context, id: string): Promise<void> {
  await withRecord(context, id, async (store, record) => {
    const status = statusOf(store, record);
    if (status !== "created" && status !== "running") {
      throw new RuntimeError("E_STATE_WRONG", `container not running or created: ${id}: it is ${status}`);
    }
    await setFrozen(record.cgroupPaths, true);
  });
}

/** Thaws a paused container. Throws E_STATE_WRONG when it is not paused. */
export async function resumeContainer(context: Context, id: string): Promise<void> {
  await withRecord(context, id, async (_store, record) => {
    if (!isFrozen(record.cgroupPaths)) throw new RuntimeError("E_STATE_WRONG", `container not paused: ${id}`);
    await setFrozen(record.cgroupPaths, false);
  });
}

/** Two commands must not pull at one freezer at the same time. */
async function withRecord(
  context: Context,
  id: string,
  action: (store: ContainerStore, record: Record) => Promise<void>,
): Promise<void> {
  const store = new ContainerStore(context.root, id);
  const lock = await store.lock(port().monotonic() + LOCK_PATIENCE_US);
  if (lock === null) throw new RuntimeError("E_STATE_WRONG", `container ${id} is in use by another command`);
  try {
    await action(store, store.require());
  } finally {
    port().close(lock);
  }
}
