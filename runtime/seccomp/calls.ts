/** Which action the profile has for every system call of one architecture. */

import { actionValue } from "./actions.ts";
import type { Architecture } from "./architectures.ts";
import { alternatives, type Condition, effective } from "./conditions.ts";
import { entryPointer, invalid, POINTER, type SeccompProfile } from "./profile.ts";
import { addRule, type Rule, type RuleTree } from "./rules.ts";

/** An entry of the profile's `syscalls`, read once for all architectures. */
export interface Entry {
  readonly names: readonly string[];
  readonly action: number;
  /** See `alternatives`: one without conditions for most entries. */
  readonly alternatives: readonly Condition[][];
  /** Whether the action is the default one: then the entry only tells which calls the profile knows. */
  readonly redundant: boolean;
}

/** A profile whose actions, operators and values are known to be good. */
export interface ReadProfile {
  readonly defaultAction: number;
  readonly entries: readonly Entry[];
}

/** What is done about a call: an action, or rules tried in order, the default action being last. */
export type Verdict = number | RuleTree;

/** Calls of an architecture are looked up by number in an array of this size; x32 ends at 547, ARM has some far out. */
const SPAN = 576;

/** The calls of an architecture that don't get the default action. */
export interface Calls {
  /** By number, less the architecture's base: 0 for the default action, else an index into `verdicts`. */
  readonly near: Uint16Array;
  /** The same for numbers that `near` does not hold, by the number less the base. */
  readonly far: ReadonlyMap<number, number>;
  /** The one at 0 means nothing. */
  readonly verdicts: readonly Verdict[];
  /** The highest number that any entry names, less the base; 0 without any. */
  readonly last: number;
  /** Names that the architecture's table lacks. */
  readonly missing: readonly string[];
}

/** Calls that socketcall(2) carries on some architectures, in the order of its first argument from 1 (linux/net.h). */
const SOCKET_CALLS =
  "socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown " +
  "setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg";

/** Calls that ipc(2) carries there, with its first argument (linux/ipc.h). */
const IPC_CALLS: readonly (readonly [string, number])[] = [
  ["semop", 1],
  ["semget", 2],
  ["semctl", 3],
  ["semtimedop", 4],
  ["msgsnd", 11],
  ["msgrcv", 12],
  ["msgget", 13],
  ["msgctl", 14],
  ["shmat", 21],
  ["shmdt", 22],
  ["shmget", 23],
  ["shmctl", 24],
];

interface Carried {
  readonly carrier: "socketcall" | "ipc";
  readonly call: number;
}

const MULTIPLEXED: ReadonlyMap<string, Carried> = new Map([
  ...SOCKET_CALLS.split(" ").map((name, index): [string, Carried] => [
    name,
    { carrier: "socketcall", call: index + 1 },
  ]),
  ...IPC_CALLS.map(([name, call]): [string, Carried] => [name, { carrier: "ipc", call }]),
]);

/**
 * Reads actions and arguments of a profile.
 * @throws E_CONFIG_INVALID with the pointer of what is wrong
 */
export function readProfile(profile: SeccompProfile): ReadProfile {
  const keys = ["defaultAction", "defaultErrnoRet"] as const;
  const defaultAction = actionValue(profile.defaultAction, profile.defaultErrnoRet, POINTER, keys);
  const entries = (profile.syscalls ?? []).map(({ names, action, errnoRet, args }, index): Entry => {
    const value = actionValue(action, errnoRet, entryPointer(index));
    return { names, action: value, alternatives: alternatives(args, index), redundant: value === defaultAction };
  });
  return { defaultAction, entries };
}

/** Gathers the verdicts of one architecture, rule by rule. */
class Gatherer implements Calls {
  readonly near = new Uint16Array(SPAN);
  readonly far = new Map<number, number>();
  readonly verdicts: Verdict[] = [0];
  readonly missing: string[] = [];
  last = 0;
  readonly #indexes = new Map<number, number>();
  readonly #wide: boolean;

  constructor(wide: boolean) {
    this.#wide = wide;
  }

  /** The index of an action, the same for every call that has it. */
  index(action: number): number {
    const index = this.#indexes.get(action) ?? this.verdicts.push(action) - 1;
    this.#indexes.set(action, index);
    return index;
  }

  /** The first rule without conditions settles the call, and takes the place of what had some. */
  settle(number: number, index: number): void {
    const known = (number < SPAN ? this.near[number] : this.far.get(number)) ?? 0;
    if (known !== 0 && typeof this.verdicts[known] === "number") return;
    if (number < SPAN) this.near[number] = index;
    else this.far.set(number, index);
  }

  add(number: number, name: string, rule: Rule): void {
    if (rule.conditions.length === 0) {
      this.settle(number, this.index(rule.action));
      return;
    }
    const known = (number < SPAN ? this.near[number] : this.far.get(number)) ?? 0;
    const verdict = this.verdicts[known] as Verdict;
    if (known !== 0 && typeof verdict === "number") return;
    const tree = typeof verdict === "number" ? [] : verdict;
    if (known === 0) this.settle(number, this.verdicts.push(tree) - 1);
    if (addRule(tree, rule, this.#wide)) return;
    throw invalid(`two rules for ${name} have the same conditions and different actions`, entryPointer(rule.entry));
  }
}

function equals(arg: number, value: number): Condition {
  return { arg, op: "EQ", high: { mask: 0xffffffff, value: 0 }, low: { mask: 0xffffffff, value } };
}

/** The rule for the call that carries others, whose first argument tells them apart. */
function carriedRule(rule: Rule, call: number): Rule {
  return { ...rule, conditions: [equals(0, call), ...rule.conditions.filter(({ arg }) => arg !== 0)] };
}

/** What the gathering of one entry's names needs to know of the architecture. */
interface Place {
  readonly gatherer: Gatherer;
  readonly numbers: ReadonlyMap<string, number>;
  readonly architecture: Architecture;
}

/** The entry's rules for the calls that carry others. */
function gatherCarried({ gatherer, numbers, architecture }: Place, name: string, rules: readonly Rule[]): void {
  const carried = MULTIPLEXED.get(name);
  if (carried === undefined) return;
  const carrier = (numbers.get(carried.carrier) as number) - architecture.base;
  for (const rule of rules) gatherer.add(carrier, name, carriedRule(rule, carried.call));
}

/**
 * An entry's rules; names that the architecture lacks have no effect. Most entries are one rule without conditions:
 * its index in the verdicts is then known already.
 */
function gatherEntry(place: Place, names: readonly string[], rules: readonly Rule[], index: number): void {
  const { gatherer, numbers, architecture } = place;
  const { base, multiplexed } = architecture;
  const { near } = gatherer;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const number = (numbers.get(name) ?? -1) - base;
    const carried = multiplexed && MULTIPLEXED.has(name);
    if (carried) gatherCarried(place, name, rules);
    if (number < 0) {
      gatherer.missing.push(name);
      continue;
    }
    if (number > gatherer.last && !carried) gatherer.last = number;
    if (index === 0) for (const rule of rules) gatherer.add(number, name, rule);
    else if (near[number] === 0) near[number] = index;
    else gatherer.settle(number, index);
  }
}

/**
 * The verdicts of the profile for one architecture.
 * @param numbers the architecture's table
 * @throws E_CONFIG_INVALID when two entries contradict each other (see rules.ts)
 */
export function gatherCalls(
  profile: ReadProfile,
  architecture: Architecture,
  numbers: ReadonlyMap<string, number>,
): Calls {
  const { wide } = architecture;
  const gatherer = new Gatherer(wide);
  const place = { gatherer, numbers, architecture };
  for (const [entry, { names, action, alternatives: lists, redundant }] of profile.entries.entries()) {
    const used = redundant ? [] : lists;
    const rules = used.map((conditions): Rule => ({ conditions: effective(conditions, wide), action, entry }));
    const settles = rules.length > 0 && rules.every(({ conditions }) => conditions.length === 0);
    gatherEntry(place, names, rules, settles ? gatherer.index(action) : 0);
  }
  return gatherer;
}
