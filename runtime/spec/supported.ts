/** Valid properties that this version does not implement: they are refused by name, never ignored. */

import { RuntimeError } from "../errors.ts";
import type { Spec } from "./generated/types.ts";
import { locate } from "./json.ts";
import { dotted, escapeKey, pointerKeys } from "./pointer.ts";

/** One row: a property, `*` standing for any key or index, and optionally the one value of it that is meant. */
export interface UnsupportedRow {
  readonly property: string;
  readonly value?: string;
  /** What can be said besides "not supported". */
  readonly hint?: string;
}

/** Removing a row is all that it takes when the property works. */
export const UNSUPPORTED: readonly UnsupportedRow[] = [
  { property: "/linux/seccomp/listenerPath", hint: "notification is not there yet" },
  { property: "/linux/seccomp/listenerMetadata", hint: "notification is not there yet" },
];

/** Whether a property (or one value of it) is implemented: no row names it. */
export function isSupported(property: string, value?: string): boolean {
  return !UNSUPPORTED.some((row) => row.property === property && row.value === value);
}

/** Empty values are not asked for: "", false, an empty list or object. */
function isPresent(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined && value !== "" && value !== false;
  return Object.keys(value).length > 0;
}

/** Pointer of the first value below `value` that `keys` lead to and that `row` means. */
function find(value: unknown, keys: readonly string[], row: UnsupportedRow): string | undefined {
  const [key, ...rest] = keys;
  if (key === undefined) {
    const meant = row.value === undefined ? isPresent(value) : value === row.value;
    return meant ? "" : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const members = value as Record<string, unknown>;
  for (const name of key === "*" ? Object.keys(members) : [key]) {
    const below = members[name] === undefined ? undefined : find(members[name], rest, row);
    if (below !== undefined) return `/${escapeKey(name)}${below}`;
  }
  return undefined;
}

/** The rows with their pointers taken apart once. */
const COMPILED = UNSUPPORTED.map((row) => ({ row, keys: pointerKeys(row.property) }));

/**
 * Throws E_CONFIG_UNSUPPORTED for the first property that this version does not implement, with line and column when
 * the text is given. `exec` passes its process as `{ process }`.
 */
export function requireSupported(spec: Pick<Spec, "process" | "mounts" | "linux">, text?: string): void {
  for (const { row, keys } of COMPILED) {
    const pointer = find(spec, keys, row);
    if (pointer === undefined) continue;
    const subject = row.value === undefined ? dotted(pointer) : `${dotted(pointer)} ${JSON.stringify(row.value)}`;
    const position = text === undefined ? {} : locate(text, pointer);
    throw new RuntimeError(
      "E_CONFIG_UNSUPPORTED",
      `${subject} is not supported by this version${row.hint ? `: ${row.hint}` : ""}`,
      {
        pointer,
        hint: row.hint,
        ...position,
      },
    );
  }
}
