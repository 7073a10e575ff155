/** The story of delete. */
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import { parseSpec } from "../spec/load.ts";
import type { Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import { destroy, killInit } from "./destroy.ts";
import type { Context } from "./options.ts";
import { runPoststop } from "./poststop.ts";
import { statusOf } from "./view.ts";

const LOCK_PATIENCE_US = 10_000_000;

/**
 * Deletes a stopped or merely created container (runtime.md#delete); with `force` one in any status, from any point at
 * which its making was cut off, and an absent one without error.
 */
export async function deleteContainer(
  context: Context,
  id: string,
  options: { readonly force: boolean },
): Promise<void> {
  const store = new ContainerStore(context.root, id);
  try {
    await remove(context, store, options.force);
  } catch (error) {
    const absent = error instanceof RuntimeError && error.code === "E_CONTAINER_MISSING";
    if (!(absent && options.force)) throw error;
  }
}

async function remove(context: Context, store: ContainerStore, force: boolean): Promise<void> {
  // A creator that still works ends when its init is killed, and then lets go of the lock.
  if (force) await killCreating(store);
  const lock = await store.lock(port().monotonic() + LOCK_PATIENCE_US);
  if (lock === null) throw new RuntimeError("E_STATE_WRONG", `container ${store.id} is in use by another command`);
  try {
    const record = force ? store.read() : store.require();
    if (record !== null && !force) requireDeletable(store, record);
    const config = record === null ? undefined : store.readConfig();
    await destroy(context, store, record);
    if (record !== null && config !== undefined) await runPoststop(context, parseSpec(config).spec, record);
  } finally {
    port().close(lock);
  }
}

async function killCreating(store: ContainerStore): Promise<void> {
  const record = store.read();
  if (record?.status === "creating") await killInit(record);
}

/** runc and crun delete a created container without force; every caller relies on it. */
function requireDeletable(store: ContainerStore, record: Record): void {
  const status = statusOf(store, record);
  if (status === "stopped" || status === "created") return;
  throw new RuntimeError("E_STATE_WRONG", `cannot delete container ${store.id} that is not stopped: ${status}`);
}
