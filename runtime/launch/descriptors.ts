/** Opens what a plan hands to init. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { errnoName, errnoText } from "../linux/errno.ts";
import { AT_RECURSIVE, O_RDONLY, O_RDWR, O_WRONLY } from "../linux/flags.ts";
import type { FdSource } from "../plan/slots.ts";

/** Descriptors by slot. */
export interface Descriptors {
  readonly fds: readonly number[];
  /** Those that hold the container's state for init's hooks, still to be written. */
  readonly states: readonly { readonly fd: number; readonly status: "creating" | "created" }[];
  close(): void;
}

/** Opens all sources; `folder` is the container's state folder. On failure nothing stays open. */
export function openDescriptors(sources: readonly FdSource[], folder: string): Descriptors {
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds.splice(0)) port().close(fd);
  };
  try {
    for (const source of sources) fds.push(openSource(source, folder));
  } catch (error) {
    close();
    throw error;
  }
  const states = sources.flatMap((source, slot) =>
    source.kind === "state" ? [{ fd: fds[slot] as number, status: source.status }] : [],
  );
  return { fds, states, close };
}

function openSource(source: FdSource, folder: string): number {
  switch (source.kind) {
    case "cgroup":
      return opening(source, () => port().open(source.path, O_WRONLY));
    case "directory":
      return opening(source, () => port().openDirectory(source.path));
    case "namespace":
      return opening(source, () => port().open(source.path, O_RDONLY));
    case "tree":
      return opening(source, () => port().openTree(source.path, source.recursive ? AT_RECURSIVE : 0));
    case "fifo":
      return port().open(`${folder}/${source.name}`, O_RDWR);
    case "state":
      return port().memfd("tsrun-state");
    case "pidfd":
      return port().pidfdOpen(source.pid);
  }
}

const CODES = { cgroup: "E_CGROUP", directory: "E_CGROUP", namespace: "E_NAMESPACE", tree: "E_MOUNT" } as const;

function opening(source: Extract<FdSource, { path: string }>, open: () => number): number {
  try {
    return open();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new RuntimeError(CODES[source.kind], `${source.kind} ${source.path}: ${errnoText(error.errno)}`, {
      pointer: source.from,
      syscall: error.syscall,
      errno: errnoName(error.errno),
      cause: error,
    });
  }
}
