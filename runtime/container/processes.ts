/** Which processes a container has. */
import { processesIn } from "../cgroups/control.ts";
import { RuntimeError } from "../errors.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";

/**
 * Pids, as seen from here, of every process in the container's cgroups, sorted: init, what it started, what was
 * exec'ed. None when the container is stopped. Throws E_HOST_UNSUPPORTED for a container without cgroups.
 */
export function containerProcesses(context: Context, id: string): number[] {
  const { cgroupPaths } = new ContainerStore(context.root, id).require();
  if (Object.keys(cgroupPaths).length > 0) return processesIn(cgroupPaths);
  throw new RuntimeError("E_HOST_UNSUPPORTED", `container ${id}: has no cgroups to look for its processes in`);
}
