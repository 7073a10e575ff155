/** The numbers of all system calls as ranges with one target each, and the search among them as instructions. */

import { type Assembler, type Label, TESTS } from "./assembler.ts";

/** An action (0 or more), or `-1 - index` of a body of rules. */
export type Target = number;

/** The ranges [starts[i], starts[i + 1]) of the number line of 32 bits, the first beginning at 0. */
export interface Ranges {
  readonly starts: number[];
  readonly targets: Target[];
}

/** How many lone numbers a range may hold: each is an instruction less in size, and one more on the way. */
const LONE = 3;

/** A range of one target but for lone numbers within it. */
interface Leaf {
  readonly start: number;
  readonly target: Target;
  readonly lone: (readonly [number: number, target: Target])[];
}

/** Lets `target` begin at `start`, which is not before the last beginning. */
export function begin({ starts, targets }: Ranges, start: number, target: Target): void {
  if (starts.at(-1) === start) {
    starts.pop();
    targets.pop();
  }
  if (targets.at(-1) === target) return;
  starts.push(start);
  targets.push(target);
}

/** Merges a range, a single number and more of the same range, up to LONE times. */
function leaves({ starts, targets }: Ranges): Leaf[] {
  const list: Leaf[] = [];
  for (let at = 0; at < starts.length; at++) {
    const leaf: Leaf = { start: starts[at] as number, target: targets[at] as Target, lone: [] };
    while (leaf.lone.length < LONE && targets[at + 2] === leaf.target) {
      const number = starts[at + 1] as number;
      if (starts[at + 2] !== number + 1) break;
      leaf.lone.push([number, targets[at + 1] as Target]);
      at += 2;
    }
    list.push(leaf);
  }
  return list;
}

/**
 * A search for the number in the accumulator: halving by "at least", then the lone numbers of a range one by one.
 * @param label gives the place of a target
 */
export function emitRanges(asm: Assembler, ranges: Ranges, label: (target: Target) => Label): Label {
  const list = leaves(ranges);
  const search = (first: number, end: number): Label => {
    if (end - first === 1) {
      const { target, lone } = list[first] as Leaf;
      return lone.reduceRight(
        (rest, [number, other]) => asm.test(TESTS.equal, number, label(other), rest),
        label(target),
      );
    }
    const middle = (first + end) >> 1;
    const right = search(middle, end);
    const left = search(first, middle);
    return asm.test(TESTS.atLeast, (list[middle] as Leaf).start, right, left);
  };
  return search(0, list.length);
}
