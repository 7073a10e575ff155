/** The code for calls that come with one value of `seccomp_data.arch`. */

import { KILL_THREAD } from "./actions.ts";
import { ARCHITECTURES, type ArchitectureName, X32_BIT } from "./architectures.ts";
import type { Assembler, Label } from "./assembler.ts";
import type { Verdict } from "./calls.ts";
import { emitRules, NUMBER_OFFSET } from "./emit.ts";
import type { Part } from "./parts.ts";
import { begin, emitRanges, type Ranges, type Target } from "./ranges.ts";
import { orderedRules } from "./rules.ts";

/** Where x32's numbers stop being numbers of x32, the bit being one among others. */
const X32_END = 0x80000000;
const X32_AGAIN = 0xc0000000;
/** What a tracer sets to skip a call; libseccomp never takes it for one of x32. */
const SKIPPED = 0xffffffff;

/** Turns the parts that share one value of `seccomp_data.arch` into code. */
export class Section {
  readonly #asm: Assembler;
  readonly #defaultAction: number;
  readonly #bodies: Label[] = [];
  readonly #ranges: Ranges = { starts: [], targets: [] };

  constructor(asm: Assembler, defaultAction: number) {
    this.#asm = asm;
    this.#defaultAction = defaultAction;
  }

  #target(verdict: Verdict, name: ArchitectureName): Target {
    if (typeof verdict === "number") return verdict;
    const otherwise = this.#asm.return(this.#defaultAction);
    return -this.#bodies.push(emitRules(this.#asm, orderedRules(verdict), ARCHITECTURES[name], otherwise));
  }

  /** The calls of a part. A verdict becomes code only if a call still has it. */
  #calls({ name, calls, newer }: Part): void {
    const { near, far, last, verdicts } = calls;
    const { base } = ARCHITECTURES[name];
    const targets: Target[] = [this.#defaultAction];
    const targetOf = (index: number): Target => {
      targets[index] ??= this.#target(verdicts[index] as Verdict, name);
      return targets[index];
    };
    if (base > 0 && this.#ranges.starts.length === 0) begin(this.#ranges, 0, this.#defaultAction);
    let previous = -1;
    for (let number = 0; number < near.length; number++) {
      const index = near[number] as number;
      if (index === previous && number !== last + 1) continue;
      begin(this.#ranges, base + number, index === 0 && number > last ? newer : targetOf(index));
      previous = index;
    }
    for (const number of Uint32Array.from(far.keys()).sort()) {
      begin(this.#ranges, base + number, targetOf(far.get(number) as number));
      begin(this.#ranges, base + number + 1, number < last ? this.#defaultAction : newer);
    }
  }

  /** x86-64 and x32 have one `arch`: what is not listed of the two is as foreign as any other architecture. */
  #x86(parts: readonly Part[]): void {
    const whole = parts.find(({ name }) => name === "SCMP_ARCH_X86_64");
    const x32 = parts.find(({ name }) => name === "SCMP_ARCH_X32");
    if (whole === undefined) begin(this.#ranges, 0, KILL_THREAD);
    else this.#calls(whole);
    if (x32 === undefined) begin(this.#ranges, X32_BIT, KILL_THREAD);
    else this.#calls(x32);
    const stubbed = whole !== undefined && whole.newer !== this.#defaultAction;
    if (stubbed) {
      begin(this.#ranges, X32_END, whole.newer);
      begin(this.#ranges, X32_AGAIN, x32 === undefined ? KILL_THREAD : x32.newer);
    }
    if (x32 === undefined) begin(this.#ranges, SKIPPED, this.#defaultAction);
  }

  /** Emits the parts: the label expects nothing in the accumulator. */
  emit(parts: readonly Part[]): Label {
    const [first] = parts as [Part];
    if (ARCHITECTURES[first.name].audit === ARCHITECTURES.SCMP_ARCH_X86_64.audit) this.#x86(parts);
    else this.#calls(first);
    const label = (target: Target) => (target >= 0 ? this.#asm.return(target) : (this.#bodies[-1 - target] as Label));
    return this.#asm.load(NUMBER_OFFSET, emitRanges(this.#asm, this.#ranges, label));
  }
}
