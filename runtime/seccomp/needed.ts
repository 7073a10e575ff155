/** Whether init can live under the filter: it still makes some calls between loading it and becoming the program. */

import { ACTION_MASK, KILL_PROCESS, KILL_THREAD, NOTIFY, TRAP } from "./actions.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { type ReadProfile, readProfile, type Verdict } from "./calls.ts";
import { type Condition, effective, type Word } from "./conditions.ts";
import { type CompileOptions, type Part, part } from "./parts.ts";
import { entryPointer, invalid, POINTER, type SeccompProfile } from "./profile.ts";
import { orderedRules, type Rule } from "./rules.ts";

/** A call that init makes, with the arguments known beforehand (unsigned); undefined for those that are not. */
export interface NeededCall {
  readonly name: string;
  readonly args?: readonly (number | undefined)[] | undefined;
}

/** Actions that end init, or leave it waiting for an agent that learns of it only once the program runs. */
const FATAL: ReadonlySet<number> = new Set([KILL_THREAD, KILL_PROCESS, TRAP, NOTIFY]);

function fatal(action: number): boolean {
  return FATAL.has((action & ACTION_MASK) >>> 0);
}

function same(value: number, { mask, value: wanted }: Word): boolean {
  return (value & mask) >>> 0 === wanted;
}

/** Whether a condition holds for a value, or undefined where the value is not known. */
function holds({ op, high, low }: Condition, value: number | undefined, wide: boolean): boolean | undefined {
  if (value === undefined) return undefined;
  const upper = wide ? Math.floor(value / 0x100000000) : 0;
  const [lower, bound] = [value >>> 0, wide ? high.value : 0];
  const order = upper === bound ? Math.sign(lower - low.value) : Math.sign(upper - bound);
  const outcomes: Readonly<Record<Condition["op"], boolean>> = {
    EQ: order === 0,
    NE: order !== 0,
    LT: order < 0,
    LE: order <= 0,
    GT: order > 0,
    GE: order >= 0,
    MASKED_EQ: same(lower, low) && (!wide || same(upper, high)),
  };
  return outcomes[op];
}

/** Whether a rule applies to a call, or undefined where that is open. */
function applies({ conditions }: Rule, { args = [] }: NeededCall, wide: boolean): boolean | undefined {
  const answers = conditions.map((condition) => holds(condition, args[condition.arg], wide));
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

/** What may become of a call. */
interface Outcome {
  readonly action: number;
  /** Index in the profile's `syscalls`, or undefined for the default action. */
  readonly entry: number | undefined;
}

/** The entry that settles a call without conditions. */
function settlingEntry(read: ReadProfile, name: string, wide: boolean): number {
  const settles = (conditions: readonly Condition[]) => effective(conditions, wide).length === 0;
  return read.entries.findIndex(
    ({ names, alternatives, redundant }) => !redundant && names.includes(name) && alternatives.some(settles),
  );
}

function outcomes(read: ReadProfile, { calls, newer, name }: Part, call: NeededCall, number: number): Outcome[] {
  const { wide } = ARCHITECTURES[name];
  const otherwise = { action: number > calls.last ? newer : read.defaultAction, entry: undefined };
  const index = calls.near[number] ?? 0;
  const verdict = calls.verdicts[index] as Verdict;
  if (index === 0) return [otherwise];
  if (typeof verdict === "number") return [{ action: verdict, entry: settlingEntry(read, call.name, wide) }];
  const list: Outcome[] = [];
  for (const rule of orderedRules(verdict)) {
    const answer = applies(rule, call, wide);
    if (answer !== false) list.push(rule);
    if (answer === true) return list;
  }
  return [...list, otherwise];
}

/** The outcome that rules a profile out: a notification that may come, or the first of several fatal ones. */
function culprit(list: readonly Outcome[]): Outcome | undefined {
  const notifies = list.find(({ action }) => action === NOTIFY);
  return notifies ?? (list.every(({ action }) => fatal(action)) ? list[0] : undefined);
}

/**
 * Refuses a profile under which init could not become the program: one that kills, traps or notifies a call that it
 * still needs. Where the outcome depends on arguments that are not known, the benefit of the doubt is the profile's,
 * except for notification: nobody would answer, and init would wait for ever.
 * @throws E_CONFIG_INVALID with the pointer of the entry's action, or of the default one
 */
export function checkNeededCalls(
  profile: SeccompProfile,
  needed: readonly NeededCall[],
  options: CompileOptions,
): void {
  const read = readProfile(profile);
  if (!fatal(read.defaultAction) && !read.entries.some(({ action }) => fatal(action))) return;
  const numbers = options.tables.numbers(options.native);
  const native = part(read, options.native, options);
  for (const call of needed) {
    const number = numbers?.get(call.name);
    if (number === undefined) continue;
    const stop = culprit(outcomes(read, native, call, number - ARCHITECTURES[options.native].base));
    if (stop === undefined) continue;
    const pointer = stop.entry === undefined ? `${POINTER}/defaultAction` : `${entryPointer(stop.entry)}/action`;
    throw invalid(`the profile stops ${call.name}, which init needs until the program runs`, pointer);
  }
}
