/**
 * The rules of one system call, in the order in which they are tried. Rules with different actions can overlap, and
 * then the order decides; it is libseccomp's, so that a profile means here what it means to runc and crun:
 * - of several rules without conditions the first counts, and nothing else does;
 * - a rule whose conditions are the first ones of another makes that one superfluous; if the longer one came first and
 *   has another action, or both are alike but for the action, the profile contradicts itself;
 * - else the rule on the later argument is tried first; on the same argument equality (and its opposites) before
 *   less-than before greater-than, there from the tightest bound on, and equality from the largest value on.
 */

import type { Condition, Operator, Word } from "./conditions.ts";

/** Conditions that must all hold for `action`; `entry` is its index in the profile's `syscalls`. */
export interface Rule {
  readonly conditions: readonly Condition[];
  readonly action: number;
  readonly entry: number;
}

/** One comparison of a word, as far as order and sameness go. */
interface Key {
  readonly id: string;
  readonly rank: number;
  readonly value: number;
}

/** A step on the way to rules that begin alike: either the end of a rule or a fork of longer ones. */
interface Fork {
  readonly key: Key;
  rule: Rule | undefined;
  branches: Fork[];
}

/** The conditional rules of one system call, filled by `addRule`. */
export type RuleTree = Fork[];

const CLASSES: Readonly<Record<Operator, number>> = { MASKED_EQ: 3, EQ: 3, NE: 3, LT: 2, LE: 2, GT: 1, GE: 1 };

function key({ arg, op }: Condition, { mask, value }: Word, part: "high" | "low" | "equal"): Key {
  const order = CLASSES[op];
  // Operators of a class look alike in the high word: there they only tell whether the low one decides.
  const kind = part === "low" || op === "MASKED_EQ" ? op : order;
  return {
    id: `${arg} ${part} ${kind} ${mask} ${value}`,
    rank: (arg * 2 + (part === "low" ? 0 : 1)) * 4 + order,
    value: order === CLASSES.LT ? -value : value,
  };
}

function keys(conditions: readonly Condition[], wide: boolean): Key[] {
  return conditions.flatMap((condition) => {
    const { high, low, op } = condition;
    if (!wide) return [key(condition, low, "low")];
    const bounds = CLASSES[op] === CLASSES.EQ ? [] : [key(condition, high, "equal")];
    return [key(condition, high, "high"), ...bounds, key(condition, low, "low")];
  });
}

function later(a: Key, b: Key): boolean {
  return a.rank === b.rank ? a.value < b.value : a.rank < b.rank;
}

/** Ends `rule` at `fork`: false if that contradicts a rule that is there. */
function end(fork: Fork, rule: Rule): boolean {
  if (orderedRules([fork]).some(({ action }) => action !== rule.action)) return false;
  fork.rule ??= rule;
  fork.branches = [];
  return true;
}

function insert(forks: Fork[], path: readonly Key[], rule: Rule): boolean {
  const [first, ...rest] = path as [Key, ...Key[]];
  let at = 0;
  for (; at < forks.length; at++) {
    const fork = forks[at] as Fork;
    if (fork.key.id === first.id) {
      if (rest.length === 0) return end(fork, rule);
      return fork.rule !== undefined || insert(fork.branches, rest, rule);
    }
    if (later(fork.key, first)) break;
  }
  const fork: Fork = { key: first, rule: rest.length === 0 ? rule : undefined, branches: [] };
  forks.splice(at, 0, fork);
  return rest.length === 0 || insert(fork.branches, rest, rule);
}

/**
 * Adds a rule with at least one condition to those of its system call.
 * @param wide whether the high words of arguments count
 * @returns false if the rule contradicts an earlier one: the same conditions, or a part of them, another action
 */
export function addRule(tree: RuleTree, rule: Rule, wide: boolean): boolean {
  return insert(tree, keys(rule.conditions, wide), rule);
}

/** The rules in the order in which they are tried. */
export function orderedRules(tree: RuleTree): Rule[] {
  return tree.flatMap(({ rule, branches }) => (rule === undefined ? orderedRules(branches) : [rule]));
}
