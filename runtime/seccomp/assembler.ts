/**
 * Classic BPF, written from the end to the beginning: jumps only go forward, so every target is already in place and
 * its distance known. Source: linux/filter.h, linux/bpf_common.h (kernel 6.12).
 */

/** An instruction already written: its position counted from the program's end, 1 being the last. */
export type Label = number;

const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const RETURN = 0x06;

/** Conditional jumps: is the accumulator equal to, at least, greater than, or sharing a bit with the constant? */
export const TESTS = { equal: 0x15, greater: 0x25, atLeast: 0x35, bits: 0x45 } as const;

/** How far a conditional jump reaches, less one for a second target that may need a stepping stone of its own. */
const REACH = 254;

/** A program in the making. */
export class Assembler {
  readonly #codes: number[] = [];
  readonly #constants: number[] = [];
  /** Distances if true and if not, of conditional jumps. */
  readonly #yes: number[] = [];
  readonly #no: number[] = [];
  readonly #returns = new Map<number, Label>();
  readonly #stones = new Map<Label, Label>();

  /** Number of instructions so far; also the label of the first one. */
  get length(): number {
    return this.#codes.length;
  }

  #push(code: number, constant: number, yes = 0, no = 0): Label {
    this.#constants.push(constant);
    this.#yes.push(yes);
    this.#no.push(no);
    return this.#codes.push(code);
  }

  /** A target for a conditional jump at the current place: `label` itself or something nearby that leads to it. */
  #near(label: Label): Label {
    const nearest = this.#stones.get(label) ?? label;
    if (this.length - nearest <= REACH) return nearest;
    const returns = this.#codes[label - 1] === RETURN;
    const stone = returns
      ? this.#push(RETURN, this.#constants[label - 1] as number)
      : this.#push(JUMP, this.length - label);
    this.#stones.set(label, stone);
    return stone;
  }

  /** Ends the filter with `action`. */
  return(action: number): Label {
    const known = this.#returns.get(action);
    if (known !== undefined) return known;
    const label = this.#push(RETURN, action);
    this.#returns.set(action, label);
    return label;
  }

  /** Compares the accumulator with `constant`, unless both outcomes are one. */
  test(code: number, constant: number, yes: Label, no: Label): Label {
    if (yes === no) return yes;
    const nearYes = this.#near(yes);
    const nearNo = this.#near(no);
    return this.#push(code, constant, this.length - nearYes, this.length - nearNo);
  }

  #before(next: Label): void {
    if (next !== this.length) this.#push(JUMP, this.length - next);
  }

  /** Loads the 32 bits at `offset` of struct seccomp_data into the accumulator. */
  load(offset: number, next: Label): Label {
    this.#before(next);
    return this.#push(LOAD_WORD, offset);
  }

  /** Masks the accumulator. */
  and(mask: number, next: Label): Label {
    this.#before(next);
    return this.#push(AND, mask);
  }

  /** The program as an array of struct sock_filter: 8 bytes each, in the byte order of the machine it is for. */
  bytes(bigEndian: boolean): Uint8Array {
    const bytes = new Uint8Array(this.length * 8);
    const view = new DataView(bytes.buffer);
    for (let label = this.length, at = 0; label > 0; label--, at += 8) {
      const code = this.#codes[label - 1] as number;
      const yes = this.#yes[label - 1] as number;
      const no = this.#no[label - 1] as number;
      const head = bigEndian ? (code << 16) | (yes << 8) | no : code | (yes << 16) | (no << 24);
      view.setUint32(at, head, !bigEndian);
      view.setUint32(at + 4, this.#constants[label - 1] as number, !bigEndian);
    }
    return bytes;
  }
}
