/** What a compiled filter depends on, as a text to hash. */

import type { CompileOptions } from "./parts.ts";
import type { Integer, SeccompProfile } from "./profile.ts";

/** Version of everything that decides a program's bytes: tables, order of rules, emission. A test watches it. */
export const COMPILER_VERSION = 1;

function text(value: Integer | undefined): string {
  return value === undefined ? "" : String(value);
}

/**
 * The canonical text of a profile and of how it is compiled: two calls with the same text give the same program, flags
 * and warnings. Not kept apart: numbers and bigints of one value. Kept apart: everything that differs in order, though
 * the program may be the same.
 */
export function filterCacheKey(
  profile: SeccompProfile,
  { native, enosysStub = true }: Pick<CompileOptions, "native" | "enosysStub">,
): string {
  return JSON.stringify([
    COMPILER_VERSION,
    native,
    enosysStub,
    profile.defaultAction,
    text(profile.defaultErrnoRet),
    profile.architectures ?? [],
    profile.flags ?? null,
    (profile.syscalls ?? []).map(({ names, action, errnoRet, args = [] }) => [
      names,
      action,
      text(errnoRet),
      args.map(({ index, value, valueTwo, op }) => [text(index), op, text(value), text(valueTwo)]),
    ]),
  ]);
}
