/** New resources laid over those of a container; pure. */
import type { Integer, Resources } from "../spec/generated/types.ts";

type Value = Integer | string | boolean | undefined;
type Section = { readonly [key: string]: unknown };

export interface Merged {
  /** All resources of the container from now on. */
  readonly all: Resources;
  /** What must be written for that: what was given, and what is written together with it. */
  readonly written: Resources;
}

/** Callers send zeros for "leave it as it is"; these are values of their own. */
const ZERO_COUNTS = new Set(["idle", "swappiness"]);
/** Limits of which the kernel judges one by the other, by section. */
const TOGETHER: readonly (readonly [section: "memory" | "cpu", keys: readonly string[]])[] = [
  ["memory", ["limit", "swap", "checkBeforeUpdate"]],
  ["cpu", ["quota", "period", "burst"]],
  ["cpu", ["realtimeRuntime", "realtimePeriod"]],
];

/** Lays `given` over `saved`. A memory limit of -1 takes the limit with swap away too, unless one is given. */
export function mergeResources(saved: Resources, given: Resources): Merged {
  const meant = meantOf(given);
  const all = over(saved as Section, meant) as Resources;
  const written: { [section: string]: Section } = { ...meant };
  for (const [section, keys] of TOGETHER) {
    const own = meant[section];
    if (own === undefined || !keys.some((key) => own[key] !== undefined)) continue;
    const whole = (all[section] ?? {}) as Section;
    const joined = keys.flatMap((key) => (whole[key] === undefined ? [] : [[key, whole[key]]]));
    written[section] = { ...written[section], ...Object.fromEntries(joined) };
  }
  return { all, written: written as Resources };
}

/** Without what asks for nothing, and without devices, which are no limit. */
function meantOf({ devices: _, ...given }: Resources): { [section: string]: Section } {
  const meant: { [section: string]: Section } = {};
  for (const [section, value] of Object.entries(given)) {
    const kept = Array.isArray(value)
      ? value
      : Object.fromEntries(Object.entries(value as Section).filter(([key, member]) => isMeant(key, member as Value)));
    if (Object.keys(kept).length > 0) meant[section] = kept as Section;
  }
  const { memory } = meant;
  if (memory !== undefined && isBelowZero(memory.limit) && memory.swap === undefined) {
    meant.memory = { ...memory, swap: -1 };
  }
  return meant;
}

function isMeant(key: string, value: Value): boolean {
  if (typeof value === "number" || typeof value === "bigint") return Number(value) !== 0 || ZERO_COUNTS.has(key);
  if (Array.isArray(value)) return value.length > 0;
  return value !== "" && value !== undefined;
}

function isBelowZero(value: unknown): boolean {
  return (typeof value === "number" || typeof value === "bigint") && value < 0;
}

function over(below: Section, above: Section): Section {
  const merged: { [key: string]: unknown } = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    if (Array.isArray(value)) merged[key] = overList((old ?? []) as Section[], value as Section[]);
    else if (typeof value === "object" && value !== null) merged[key] = over((old ?? {}) as Section, value as Section);
    else merged[key] = value;
  }
  return merged;
}

/** Entries of lists are known by device, page size or interface. */
function overList(below: readonly Section[], above: readonly Section[]): Section[] {
  const identity = (entry: Section) => JSON.stringify([entry.major, entry.minor, entry.pageSize, entry.name]);
  const replaced = new Set(above.map(identity));
  return [...below.filter((entry) => !replaced.has(identity(entry))), ...above];
}
