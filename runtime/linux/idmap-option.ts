/**
 * The mapping that may follow the mount option idmap (crun(1)): `idmap=uids=0-1-10#10-11-10;gids=0-100-10`. A range is
 * FROM-TO-SIZE, ids of the filesystem and what they become on the host; with `@` before it, what they become in the
 * container's user namespace.
 */

export interface IdRange {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
  /** hostID is an id of the container's user namespace. */
  readonly relative: boolean;
}

export interface IdmapOption {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

const RANGE = /^(@?)(\d{1,10})-(\d{1,10})-(\d{1,10})$/;

/** What the text after `idmap=` says, or what is wrong with it. */
export function parseIdmapOption(text: string): IdmapOption | string {
  const lists: { [key: string]: IdRange[] } = {};
  for (const part of text.split(";")) {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(at, 0));
    if (key !== "uids" && key !== "gids") return `has neither uids= nor gids= in ${JSON.stringify(part)}`;
    if (lists[key] !== undefined) return `has ${key}= twice`;
    const ranges: IdRange[] = [];
    for (const range of part.slice(at + 1).split("#")) {
      const found = RANGE.exec(range);
      if (found === null) return `has ${JSON.stringify(range)} where a range FROM-TO-SIZE is due`;
      const [, mark, containerID, hostID, size] = found;
      ranges.push({
        containerID: Number(containerID),
        hostID: Number(hostID),
        size: Number(size),
        relative: mark === "@",
      });
    }
    lists[key] = ranges;
  }
  const { uids, gids } = lists;
  return uids === undefined || gids === undefined ? "needs both uids= and gids=" : { uids, gids };
}
