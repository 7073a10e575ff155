/** Questions about containers. */
import { RuntimeError } from "../errors.ts";
import { ContainerStore, containerIds } from "../state/store.ts";
import type { ContainerState, Context, ListEntry } from "./options.ts";
import { viewOf } from "./view.ts";

/** The state of one container. Throws E_CONTAINER_MISSING when there is none of that id. */
export function containerState(context: Context, id: string): ContainerState {
  const store = new ContainerStore(context.root, id);
  return viewOf(store, store.require());
}

/** All containers, sorted by id. One that is gone meanwhile is left out; one that can't be read is listed as such. */
export function listContainers(context: Context): ListEntry[] {
  return containerIds(context.root).flatMap((id): ListEntry[] => {
    try {
      return [{ state: containerState(context, id) }];
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return error.code === "E_CONTAINER_MISSING" ? [] : [{ id, error }];
    }
  });
}
