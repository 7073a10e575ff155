/** Id maps as the kernel reads and writes them, and what becomes of an id by one (user_namespaces(7)). */
import type { IdMapping } from "../spec/generated/types.ts";

/** Lines of user_namespaces(7): inside, outside, count. */
export function idMapText(mappings: readonly IdMapping[]): string {
  return mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");
}

/** The mappings in the text of a uid_map or gid_map file. */
export function parseIdMap(text: string): IdMapping[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([containerID = Number.NaN, hostID = Number.NaN, size = Number.NaN]) =>
      Number.isNaN(size) ? [] : [{ containerID, hostID, size }],
    );
}

/** Whether an id of the namespace stands for one outside. */
export function isMapped(mappings: readonly IdMapping[], id: number): boolean {
  return mappings.some(({ containerID, size }) => id >= containerID && id - containerID < size);
}

/** A range of ids inside as the ranges outside that it stands for; undefined where part of it stands for none. */
export function outsideOf(
  mappings: readonly IdMapping[],
  range: Pick<IdMapping, "containerID" | "hostID" | "size">,
): IdMapping[] | undefined {
  const found: IdMapping[] = [];
  for (let done = 0; done < range.size; ) {
    const id = range.hostID + done;
    const over = mappings.find(({ containerID, size }) => id >= containerID && id - containerID < size);
    if (over === undefined) return undefined;
    const size = Math.min(range.size - done, over.containerID + over.size - id);
    found.push({ containerID: range.containerID + done, hostID: over.hostID + (id - over.containerID), size });
    done += size;
  }
  return found;
}
