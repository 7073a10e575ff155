/** Runs a seccomp filter as the kernel's checker would accept it: anything else throws. */

/** One system call as a filter sees it (struct seccomp_data; the instruction pointer is 0). */
export interface CallData {
  readonly nr: number;
  readonly arch: number;
  /** Up to six, the rest is 0. */
  readonly args?: readonly bigint[];
}

const RETURN = 0x06;

function dataOf({ nr, arch, args = [] }: CallData): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, nr, true);
  view.setUint32(4, arch, true);
  args.forEach((value, index) => {
    view.setBigUint64(16 + index * 8, value, true);
  });
  return view;
}

const TESTS: Readonly<Record<number, (a: number, k: number) => boolean>> = {
  21: (a, k) => a === k,
  37: (a, k) => a > k,
  53: (a, k) => a >= k,
  69: (a, k) => (a & k) !== 0,
};

/** The filter's return value for the call; little endian programs only. */
export function emulate(program: Uint8Array, call: CallData): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; at < program.byteLength; at += 8) {
    const [op, yes, no, k] = [
      code.getUint16(at, true),
      code.getUint8(at + 2),
      code.getUint8(at + 3),
      code.getUint32(at + 4, true),
    ];
    if (op === RETURN) return k;
    const test = TESTS[op];
    if (test !== undefined) at += 8 * (test(accumulator, k) ? yes : no);
    else if (op === 0x05) at += 8 * k;
    else if (op === 0x20 && k % 4 === 0 && k < 64) accumulator = data.getUint32(k, true);
    else if (op === 0x54) accumulator = (accumulator & k) >>> 0;
    else throw new Error(`instruction ${at / 8} is no instruction: ${op.toString(16)} ${k}`);
  }
  throw new Error("the program ran off its end");
}

/** A listing, one instruction a line, for failure messages and eyes. */
export function disassemble(program: Uint8Array): string {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const names: Readonly<Record<number, string>> = {
    5: "ja",
    6: "ret",
    21: "jeq",
    32: "ld",
    37: "jgt",
    53: "jge",
    69: "jset",
    84: "and",
  };
  const lines: string[] = [];
  for (let at = 0; at < program.byteLength; at += 8) {
    const index = at / 8;
    const op = code.getUint16(at, true);
    const k = code.getUint32(at + 4, true);
    const jump = TESTS[op] && ` ? ${index + 1 + code.getUint8(at + 2)} : ${index + 1 + code.getUint8(at + 3)}`;
    lines.push(`${index}: ${names[op] ?? op} 0x${k.toString(16)}${jump ?? ""}`);
  }
  return lines.join("\n");
}
