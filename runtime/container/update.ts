/** The story of update: new limits, checked with all the others, written, and kept for later commands. */
import { probeCgroups } from "../cgroups/layout.ts";
import { applyUpdate, planUpdate } from "../cgroups/update.ts";
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import type { Resources, Spec } from "../spec/generated/types.ts";
import { stringifyExact } from "../spec/json.ts";
import { parseSpec } from "../spec/load.ts";
import { requireSupported } from "../spec/supported.ts";
import { requireValid } from "../spec/validate.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { type CacheLimits, updateResctrl } from "./resctrl.ts";
import { mergeResources } from "./resources.ts";
import { statusOf } from "./view.ts";

const LOCK_PATIENCE_US = 10_000_000;
const AT = "/linux/resources";

/**
 * Changes the limits of a container that is not stopped, those of `cache` in its resctrl group. A value that is 0, "" or absent stays as it is; devices do
 * too. Throws with nothing changed: E_CONFIG_INVALID for limits that contradict each other or those the container has,
 * E_CGROUP for what the kernel refuses, E_STATE_WRONG when it is stopped.
 */
export async function updateContainer(
  context: Context,
  id: string,
  resources: Resources,
  cache: CacheLimits = {},
): Promise<void> {
  const store = new ContainerStore(context.root, id);
  const lock = await store.lock(port().monotonic() + LOCK_PATIENCE_US);
  if (lock === null) throw new RuntimeError("E_STATE_WRONG", `container ${id} is in use by another command`);
  try {
    update(context, store, resources, cache);
  } finally {
    port().close(lock);
  }
}

function update(context: Context, store: ContainerStore, given: Resources, cache: CacheLimits): void {
  const record = store.require();
  if (statusOf(store, record) === "stopped") {
    throw new RuntimeError("E_STATE_WRONG", `container not running: ${store.id}`);
  }
  const { spec } = parseSpec(store.readConfig());
  const saved = spec.linux?.resources ?? {};
  warnOfDevices(context, saved, given);
  const { all, written } = mergeResources(saved, given);
  const cached = Object.fromEntries(Object.entries(cache).filter(([, line]) => line !== undefined && line !== ""));
  if (Object.keys(written).length === 0 && Object.keys(cached).length === 0) return;
  const intelRdt = { ...spec.linux?.intelRdt, ...cached };
  const changed: Spec = { ...spec, linux: { ...spec.linux, resources: all, ...(record.resctrl && { intelRdt }) } };
  requireSupported({ linux: { resources: written } });
  tell(context, requireValid(changed));
  const { steps, warnings } = planUpdate(probeCgroups(), record.cgroupPaths, written);
  tell(context, warnings);
  updateResctrl(record, cached);
  applyUpdate(steps, context.onWarning);
  store.replaceConfig(stringifyExact(changed));
}

/** What else is wrong with the config was told at create. */
function tell(context: Context, warnings: readonly { readonly message: string; readonly pointer: string }[]): void {
  for (const { message, pointer } of warnings) if (pointer.startsWith(AT)) context.onWarning(message, pointer);
}

function warnOfDevices(context: Context, saved: Resources, { devices = [] }: Resources): void {
  if (devices.length === 0 || stringifyExact(devices) === stringifyExact(saved.devices ?? [])) return;
  context.onWarning("device rules are not changed by an update", `${AT}/devices`);
}
