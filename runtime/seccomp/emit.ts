/** Rules and ranges of system call numbers as instructions. Offsets are those of struct seccomp_data (linux/seccomp.h). */

import { type Assembler, type Label, TESTS } from "./assembler.ts";
import type { Condition, Operator, Word } from "./conditions.ts";
import type { Rule } from "./rules.ts";

export const NUMBER_OFFSET = 0;
export const ARCH_OFFSET = 4;
const ARGUMENTS_OFFSET = 16;

/** How the arguments of a call lie in memory. */
export interface ArgumentLayout {
  /** Whether both words count. */
  readonly wide: boolean;
  readonly bigEndian: boolean;
}

function offset(arg: number, high: boolean, { bigEndian }: ArgumentLayout): number {
  return ARGUMENTS_OFFSET + arg * 8 + (high === bigEndian ? 0 : 4);
}

/** Where a comparison goes. */
interface Ways {
  readonly yes: Label;
  readonly no: Label;
}

function turned({ yes, no }: Ways): Ways {
  return { yes: no, no: yes };
}

/** A comparison that one test of one word decides; `inverted` turns its answer round. */
interface Simple {
  readonly test: number;
  readonly constant: number;
  readonly inverted: boolean;
}

/** How a bound reads as a test; equality is none. */
const BOUNDS: Readonly<Partial<Record<Operator, Omit<Simple, "constant">>>> = {
  GT: { test: TESTS.greater, inverted: false },
  GE: { test: TESTS.atLeast, inverted: false },
  LE: { test: TESTS.greater, inverted: true },
  LT: { test: TESTS.atLeast, inverted: true },
};

/** The one test for `(word & mask) op value`, or undefined if the word has to be masked first. */
function simple(op: Operator, { mask, value }: Word): Simple | undefined {
  const bound = BOUNDS[op];
  if (bound !== undefined) return { ...bound, constant: value };
  if (mask === 0xffffffff) return { test: TESTS.equal, constant: value, inverted: op === "NE" };
  return value === 0 ? { test: TESTS.bits, constant: mask, inverted: true } : undefined;
}

function emitSimple(asm: Assembler, { test, constant, inverted }: Simple, ways: Ways): Label {
  const { yes, no } = inverted ? turned(ways) : ways;
  return asm.test(test, constant, yes, no);
}

/** `(word & mask) op value` for one word, load included; a mask of 0 needs no look. */
function emitWord(asm: Assembler, at: number, op: Operator, word: Word, ways: Ways): Label {
  if (word.mask === 0) return ways.yes;
  const test = simple(op, word);
  if (test !== undefined) return asm.load(at, emitSimple(asm, test, ways));
  return asm.load(at, asm.and(word.mask, asm.test(TESTS.equal, word.value, ways.yes, ways.no)));
}

/** The high word settles a bound unless it is the same. */
function emitWideBound(asm: Assembler, { arg, op, high, low }: Condition, layout: ArgumentLayout, ways: Ways): Label {
  const decided = emitWord(asm, offset(arg, false, layout), op, low, ways);
  const { yes: above, no: below } = BOUNDS[op]?.inverted ? turned(ways) : ways;
  const even = asm.test(TESTS.equal, high.value, decided, below);
  return asm.load(offset(arg, true, layout), asm.test(TESTS.greater, high.value, above, even));
}

function emitCondition(asm: Assembler, condition: Condition, layout: ArgumentLayout, ways: Ways): Label {
  const { arg, op, high, low } = condition;
  const at = offset(arg, false, layout);
  if (!layout.wide) return emitWord(asm, at, op, low, ways);
  if (BOUNDS[op] !== undefined) return emitWideBound(asm, condition, layout, ways);
  const { yes, no } = op === "NE" ? turned(ways) : ways;
  const decided = emitWord(asm, at, "MASKED_EQ", low, { yes, no });
  return emitWord(asm, offset(arg, true, layout), "MASKED_EQ", high, { yes: decided, no });
}

/** One rule; with `narrow` only the low word of its first condition is still to be looked at. */
function emitRule(asm: Assembler, rule: Rule, layout: ArgumentLayout, narrow: boolean, no: Label): Label {
  let yes = asm.return(rule.action);
  const [first, ...rest] = rule.conditions as [Condition, ...Condition[]];
  for (const condition of rest.reverse()) yes = emitCondition(asm, condition, layout, { yes, no });
  return emitCondition(asm, first, narrow ? { ...layout, wide: false } : layout, { yes, no });
}

/** Rules as in `emitRule`, tried in order; tests of one word after another share its load. */
function emitRun(
  asm: Assembler,
  rules: readonly Rule[],
  layout: ArgumentLayout,
  narrow: boolean,
  otherwise: Label,
): Label {
  let next = otherwise;
  let held: number | undefined;
  for (const rule of rules.toReversed()) {
    const [{ arg, op, low, high }, more] = rule.conditions as [Condition, ...Condition[]];
    const oneWord = more === undefined && (narrow || !layout.wide || high.mask === 0);
    const test = oneWord ? simple(op, low) : undefined;
    const at = offset(arg, false, layout);
    if (held !== undefined && (test === undefined || held !== at)) {
      next = asm.load(held, next);
      held = undefined;
    }
    if (test === undefined) {
      next = emitRule(asm, rule, layout, narrow, next);
    } else {
      next = emitSimple(asm, test, { yes: asm.return(rule.action), no: next });
      held = at;
    }
  }
  return held === undefined ? next : asm.load(held, next);
}

/** Whether two rules ask for the same high word of the same argument first. */
function sharesHigh({ conditions: [a] }: Rule, { conditions: [b] }: Rule): boolean {
  if (a === undefined || b === undefined || a.arg !== b.arg) return false;
  if (![a, b].every(({ op }) => op === "EQ" || op === "MASKED_EQ")) return false;
  return a.high.mask === b.high.mask && a.high.value === b.high.value;
}

/** The rules of a call, tried in order, and `otherwise` when none applies. */
export function emitRules(asm: Assembler, rules: readonly Rule[], layout: ArgumentLayout, otherwise: Label): Label {
  if (!layout.wide) return emitRun(asm, rules, layout, false, otherwise);
  let [end, next] = [rules.length, otherwise];
  while (end > 0) {
    const last = rules[end - 1] as Rule;
    let begin = end - 1;
    while (begin > 0 && sharesHigh(rules[begin - 1] as Rule, last)) begin--;
    const grouped = end - begin > 1;
    const label = emitRun(asm, rules.slice(begin, end), layout, grouped, next);
    const { arg, high } = last.conditions[0] as Condition;
    const ways = { yes: label, no: next };
    next = grouped ? emitWord(asm, offset(arg, true, layout), "MASKED_EQ", high, ways) : label;
    end = begin;
  }
  return next;
}
