/** Mount bits back to the words of config.json, for people. */
import { MOUNT_ATTR__ATIME } from "../linux/flags.ts";
import { MOUNT_OPTIONS } from "../linux/mount-options.ts";

/** Options that set, then those that clear, the given MOUNT_ATTR_* bits; `recursive` for the whole-tree kind. */
export function attributeNames(set: number, clear: number, recursive = false): string[] {
  const kind = recursive ? "recursive" : "flag";
  const words: string[] = [];
  for (const [name, row] of MOUNT_OPTIONS) {
    if (row.kind !== kind || !row.attr) continue;
    if (row.clear !== true && (set & row.attr) === row.attr) words.push(name);
    if (row.clear === true && (row.attr & MOUNT_ATTR__ATIME) === 0 && (clear & row.attr) === row.attr) words.push(name);
  }
  return words;
}

/** `rslave` for MS_SLAVE | MS_REC. */
export function propagationName(flags: number): string {
  for (const [name, row] of MOUNT_OPTIONS) if (row.kind === "propagation" && row.ms === flags) return name;
  return `propagation ${flags}`;
}

/** Options that set the given MS_* bits of mount(2). */
export function flagNames(flags: number): string[] {
  return [...MOUNT_OPTIONS]
    .filter(([, row]) => row.kind === "flag" && row.clear !== true && row.ms && (flags & row.ms) === row.ms)
    .map(([name]) => name)
    .filter((name) => name !== "remount");
}
