/** How the ids of a mount are shown: by maps of its own (lines of user_namespaces(7)), or those of a user namespace. */
export interface MountIdMap {
  readonly uidMap: string;
  readonly gidMap: string;
  /** Path of the user namespace whose maps are taken; "" where they are given. */
  readonly namespace: string;
  /** Whether the mounts below are mapped too. */
  readonly recursive: boolean;
}

/** What the parent opens and hands to init, by number. */
export type FdSource =
  /** A `tasks` or `cgroup.procs` file, opened for writing by the parent: the kernel checks the opener. */
  | { readonly kind: "cgroup"; readonly path: string; readonly from: string }
  /** A directory, e.g. of the v2 cgroup. */
  | { readonly kind: "directory"; readonly path: string; readonly from: string }
  /** A namespace file. */
  | { readonly kind: "namespace"; readonly path: string; readonly from: string }
  /** A detached copy of a mount (open_tree), for what init's user namespace could not reach. */
  | {
      readonly kind: "tree";
      readonly path: string;
      readonly recursive: boolean;
      /** False: a path that is a symbolic link is taken as that. */
      readonly follow?: boolean | undefined;
      /** True: for a user namespace, which is not to take away the flags that the mounts have on the host. */
      readonly locked?: boolean | undefined;
      readonly idMap?: MountIdMap | undefined;
      readonly from: string;
    }
  /** A new filesystem, detached, with its ids mapped: only the host may do that. */
  | {
      readonly kind: "filesystem";
      readonly type: string;
      readonly source: string;
      /** `key` or `key=value`. */
      readonly options: readonly string[];
      /** MOUNT_ATTR_* bits. */
      readonly attributes: number;
      readonly idMap: MountIdMap;
      readonly from: string;
    }
  /** A unix socket that receives the terminal: connected to the path, or the caller's own where that is "". */
  | { readonly kind: "console"; readonly path: string; readonly from: string }
  /** A fifo in the container's state folder. */
  | { readonly kind: "fifo"; readonly name: "exec.fifo" | "report.fifo" }
  /** An anonymous file that holds the container's state as JSON once init's pid is known. */
  | { readonly kind: "state"; readonly status: "creating" | "created" }
  /** The pidfd of a running container's init. */
  | { readonly kind: "pidfd"; readonly pid: number };

/** A copy of a mount. */
export type Tree = Extract<FdSource, { kind: "tree" }>;
/** A new mount. */
export type Filesystem = Extract<FdSource, { kind: "filesystem" }>;

/** Hands out slot numbers. */
export class Slots {
  readonly sources: FdSource[] = [];

  /** The slot number of a new source; equal state sources share one. */
  add(source: FdSource): number {
    if (source.kind === "state") {
      const known = this.sources.findIndex((other) => other.kind === "state" && other.status === source.status);
      if (known >= 0) return known;
    }
    return this.sources.push(source) - 1;
  }
}
