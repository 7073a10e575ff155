/** The arguments of a profile's entry as comparisons of 32-bit words, which is all that the kernel's filters have. */

import { entryPointer, type Integer, invalid, type SeccompArgument } from "./profile.ts";

/** Half of an argument: compared as `(word & mask) op value`. */
export interface Word {
  readonly mask: number;
  readonly value: number;
}

export type Operator = "NE" | "LT" | "LE" | "EQ" | "GE" | "GT" | "MASKED_EQ";

/** One comparison of an argument; masks are all ones but for MASKED_EQ. */
export interface Condition {
  /** 0 to 5. */
  readonly arg: number;
  readonly op: Operator;
  readonly high: Word;
  readonly low: Word;
}

/** Operators by the specification's names. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  SCMP_CMP_NE: "NE",
  SCMP_CMP_LT: "LT",
  SCMP_CMP_LE: "LE",
  SCMP_CMP_EQ: "EQ",
  SCMP_CMP_GE: "GE",
  SCMP_CMP_GT: "GT",
  SCMP_CMP_MASKED_EQ: "MASKED_EQ",
};

const ARGUMENTS = 6;
const WORD = 0x100000000;
const ONES = 0xffffffff;

interface Halves {
  readonly high: number;
  readonly low: number;
}

function halves(value: Integer, pointer: string): Halves {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value) && value >= 0) return { high: Math.floor(value / WORD), low: value >>> 0 };
  } else if (value >= 0n && value <= 0xffffffffffffffffn) {
    return { high: Number(value >> 32n), low: Number(value & 0xffffffffn) };
  }
  throw invalid(`${value} is no 64-bit number`, pointer);
}

function condition(argument: SeccompArgument, pointer: string): Condition {
  const op = Object.hasOwn(OPERATORS, argument.op) ? OPERATORS[argument.op] : undefined;
  if (op === undefined) throw invalid(`${argument.op} is no operator`, `${pointer}/op`);
  const arg = Number(argument.index);
  if (!(arg >= 0 && arg < ARGUMENTS)) {
    throw invalid(`a system call has no argument ${argument.index}`, `${pointer}/index`);
  }
  const value = halves(argument.value, `${pointer}/value`);
  if (op !== "MASKED_EQ") {
    return { arg, op, high: { mask: ONES, value: value.high }, low: { mask: ONES, value: value.low } };
  }
  const wanted = halves(argument.valueTwo ?? 0, `${pointer}/valueTwo`);
  return {
    arg,
    op,
    high: { mask: value.high, value: (wanted.high & value.high) >>> 0 },
    low: { mask: value.low, value: (wanted.low & value.low) >>> 0 },
  };
}

/**
 * What an entry's `args` ask for: alternatives, each a list of conditions that must all hold, in the order of their
 * arguments. One alternative, unless an argument is named twice: then every condition is one, as runc has it. An entry
 * without arguments has one alternative without conditions.
 * @throws E_CONFIG_INVALID for an unknown operator, an index over 5, a value that 64 bits don't hold
 */
export function alternatives(args: readonly SeccompArgument[] | undefined, entry: number): Condition[][] {
  if (args === undefined || args.length === 0) return [[]];
  const conditions = args.map((argument, index) => condition(argument, `${entryPointer(entry)}/args/${index}`));
  const named = new Set(conditions.map(({ arg }) => arg));
  if (named.size < conditions.length) return conditions.map((one) => [one]);
  return [conditions.sort((a, b) => a.arg - b.arg)];
}

/**
 * The conditions as one ABI sees them, without those that always hold (a mask of zero).
 * @param wide whether the high words count
 */
export function effective(conditions: readonly Condition[], wide: boolean): Condition[] {
  return conditions.filter(({ low, high }) => low.mask !== 0 || (wide && high.mask !== 0));
}
