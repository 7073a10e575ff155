/** Opens what a plan hands to init. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { errnoName, errnoText } from "../linux/errno.ts";
import { O_RDONLY, O_RDWR, O_WRONLY } from "../linux/flags.ts";
import type { FdSource, Tree } from "../plan/slots.ts";
import { MapNamespaces, mapTree, openFilesystem } from "./id-mapped.ts";
import { LockedTrees, treeFlags } from "./trees.ts";

/** Descriptors by slot. */
export interface Descriptors {
  readonly fds: readonly number[];
  /** Those that hold the container's state for init's hooks, still to be written. */
  readonly states: readonly { readonly fd: number; readonly status: "creating" | "created" }[];
  close(): void;
}

/** What the caller lends: the container's state folder, and the socket for a terminal that is its own to receive. */
export interface Surroundings {
  readonly folder: string;
  readonly console?: number | undefined;
}

/** Opens all sources. On failure nothing stays open; what was lent always does. */
export function openDescriptors(sources: readonly FdSource[], around: Surroundings): Descriptors {
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds.splice(0)) port().close(fd);
  };
  const namespaces = new MapNamespaces();
  const trees = new LockedTrees(sources);
  try {
    trees.open();
    for (const source of sources) fds.push(openSource(source, around, namespaces, trees));
  } catch (error) {
    close();
    throw error;
  } finally {
    namespaces.close();
    trees.close();
  }
  const states = sources.flatMap((source, slot) =>
    source.kind === "state" ? [{ fd: fds[slot] as number, status: source.status }] : [],
  );
  return { fds, states, close };
}

function openSource(
  source: FdSource,
  { folder, console }: Surroundings,
  namespaces: MapNamespaces,
  trees: LockedTrees,
): number {
  switch (source.kind) {
    case "console":
      if (source.path === "" && console !== undefined) return port().dup(console);
      return opening(source, () => port().connectSocket(source.path));
    case "cgroup":
      return opening(source, () => port().open(source.path, O_WRONLY));
    case "directory":
      return opening(source, () => port().openDirectory(source.path));
    case "namespace":
      return opening(source, () => port().open(source.path, O_RDONLY));
    case "tree":
      return openTree(source, namespaces, trees);
    case "filesystem":
      return openFilesystem(source, namespaces);
    case "fifo":
      return port().open(`${folder}/${source.name}`, O_RDWR);
    case "state":
      return port().memfd("tsrun-state");
    case "pidfd":
      return port().pidfdOpen(source.pid);
  }
}

function openTree(source: Tree, namespaces: MapNamespaces, trees: LockedTrees): number {
  const fd = opening(source, () => trees.take(source) ?? port().openTree(source.path, treeFlags(source)));
  try {
    mapTree(fd, source, namespaces);
    return fd;
  } catch (error) {
    port().close(fd);
    throw error;
  }
}

const ERRORS = {
  cgroup: { code: "E_CGROUP", what: "cgroup" },
  directory: { code: "E_CGROUP", what: "directory" },
  namespace: { code: "E_NAMESPACE", what: "namespace" },
  tree: { code: "E_MOUNT", what: "mount source" },
  console: { code: "E_PROCESS", what: "console socket" },
} as const;

function opening(source: Extract<FdSource, { path: string }>, open: () => number): number {
  try {
    return open();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const { code, what } = ERRORS[source.kind];
    throw new RuntimeError(code, `${what} ${source.path}: ${errnoText(error.errno)}`, {
      pointer: source.from,
      syscall: error.syscall,
      errno: errnoName(error.errno),
      cause: error,
    });
  }
}
