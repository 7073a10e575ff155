/** Copies of mounts for a user namespace, all opened at once: the flags that they have on the host are locked. */
import { port, type SystemError } from "../host/port.ts";
import { EINVAL } from "../linux/errno.ts";
import { AT_RECURSIVE, AT_SYMLINK_NOFOLLOW } from "../linux/flags.ts";
import type { FdSource, Tree } from "../plan/slots.ts";

/** Flags of open_tree(2). */
export function treeFlags({ recursive, follow }: Tree): number {
  return (recursive ? AT_RECURSIVE : 0) | (follow === false ? AT_SYMLINK_NOFOLLOW : 0);
}

/** Those of a plan's sources that are to be locked. What is not taken is closed. */
export class LockedTrees {
  readonly #sources: readonly Tree[];
  readonly #opened = new Map<Tree, number>();

  constructor(sources: readonly FdSource[]) {
    this.#sources = sources.filter((source) => source.kind === "tree" && source.locked === true) as Tree[];
  }

  /** One journey for all of them. Errors of single ones are thrown by `take`. */
  open(): void {
    if (this.#sources.length === 0) return;
    const paths = this.#sources.map(({ path }) => path);
    const results = port().openTrees(paths, this.#sources.map(treeFlags));
    for (const [index, source] of this.#sources.entries()) this.#opened.set(source, results[index] ?? -EINVAL);
  }

  /**
   * The descriptor, which is the caller's from then on; undefined for one that can only be had unlocked: a copy without the
   * mounts below would show what they cover, which the kernel refuses to a user namespace, but not to the host's root.
   */
  take(source: Tree): number | undefined {
    const result = this.#opened.get(source);
    if (result === undefined) return undefined;
    this.#opened.delete(source);
    if (result >= 0) return result;
    if (result === -EINVAL && !source.recursive) return undefined;
    throw systemError("open_tree", -result);
  }

  close(): void {
    for (const fd of this.#opened.values()) if (fd >= 0) port().close(fd);
    this.#opened.clear();
  }
}

function systemError(syscall: string, errno: number): SystemError {
  return Object.assign(new Error(syscall), { syscall, errno });
}
