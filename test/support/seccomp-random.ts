/** Profiles made at random from a seed, so that a failure can be made again. */

import type { SeccompArgument, SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";

/** A source of numbers below a bound. */
export type Random = (bound: number) => number;

/** Same seed, same numbers. */
export function random(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(((state >>> 8) / 0x1000000) * bound);
  };
}

export function pick<T>(next: Random, list: readonly T[]): T {
  return list[next(list.length)] as T;
}

/** What a profile may be made of. */
export interface Ingredients {
  readonly names: readonly string[];
  readonly values: readonly bigint[];
  /** Most conditions of an entry. */
  readonly conditions: number;
  /** One action but for the default one, or any. */
  readonly actions: "one" | "any";
  /** Whether a name may be in several entries with conditions. */
  readonly repeat: boolean;
  /** Whether an entry may name an argument twice. */
  readonly twice: boolean;
}

type Outcome = Pick<SeccompEntry, "action" | "errnoRet">;

const DEFAULTS: readonly Outcome[] = [
  { action: "SCMP_ACT_ERRNO", errnoRet: 1 },
  { action: "SCMP_ACT_ERRNO", errnoRet: 38 },
  { action: "SCMP_ACT_TRACE", errnoRet: 5 },
  { action: "SCMP_ACT_ALLOW" },
  { action: "SCMP_ACT_LOG" },
  { action: "SCMP_ACT_KILL" },
  { action: "SCMP_ACT_KILL_PROCESS" },
];
const ACTIONS: readonly Outcome[] = [
  ...DEFAULTS.slice(0, 1),
  { action: "SCMP_ACT_ERRNO", errnoRet: 2 },
  { action: "SCMP_ACT_TRACE", errnoRet: 7 },
  { action: "SCMP_ACT_TRAP" },
  { action: "SCMP_ACT_NOTIFY" },
  { action: "SCMP_ACT_KILL_THREAD" },
  ...DEFAULTS.slice(3, 5),
];
const OPERATORS = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"];
const LISTS: readonly (readonly string[])[] = [
  [],
  ["SCMP_ARCH_X86_64"],
  ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  ["SCMP_ARCH_X86"],
  ["SCMP_ARCH_X32"],
];

function argumentsOf(next: Random, { conditions, values, twice }: Ingredients): SeccompArgument[] {
  const args: SeccompArgument[] = [];
  for (let count = next(conditions + 1); count > 0; count--) {
    const index = next(3);
    if (!twice && args.some((one) => one.index === index)) continue;
    const op = `SCMP_CMP_${pick(next, OPERATORS)}`;
    args.push({ index, op, value: pick(next, values), valueTwo: pick(next, values) });
  }
  return args;
}

/** A profile of up to 14 entries. */
export function randomProfile(next: Random, ingredients: Ingredients): SeccompProfile {
  const { action: defaultAction, errnoRet: defaultErrnoRet } = pick(next, DEFAULTS);
  const only = pick(next, ACTIONS);
  const used = new Set<string>();
  const syscalls: SeccompEntry[] = [];
  for (let count = 1 + next(14); count > 0; count--) {
    const args = argumentsOf(next, ingredients);
    const picked = Array.from({ length: 1 + next(4) }, () => pick(next, ingredients.names));
    const names = ingredients.repeat || args.length === 0 ? picked : picked.filter((name) => !used.has(name));
    if (args.length > 0) for (const name of names) used.add(name);
    if (names.length === 0) continue;
    const outcome = ingredients.actions === "one" ? only : pick(next, ACTIONS);
    syscalls.push({ names: [...new Set(names)], ...outcome, args });
  }
  return { defaultAction, defaultErrnoRet, architectures: pick(next, LISTS), syscalls };
}

/** The profile as JSON, bigints in hexadecimal, for failure messages. */
export function show(profile: SeccompProfile): string {
  return JSON.stringify(profile, (_, one: unknown) => (typeof one === "bigint" ? `0x${one.toString(16)}` : one));
}
