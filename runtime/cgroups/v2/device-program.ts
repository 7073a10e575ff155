/**
 * A device policy as an eBPF program of type CGROUP_DEVICE (Linux 4.15): v2 has no files for devices. The context holds
 * access << 16 | type, major, minor; the result is 1 for yes and 0 for no.
 */
import type { DeviceException, DevicePolicy } from "../device-policy.ts";

/** Registers: r0 result, r1 context and scratch, r2 type, r3 access, r4 major, r5 minor. */
const [RESULT, CONTEXT, TYPE, ACCESS, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5];
const LOAD_WORD = 0x61;
const MOVE = 0xbf;
const MOVE_NUMBER = 0xb7;
const AND_NUMBER_32 = 0x54;
const SHIFT_RIGHT_32 = 0x74;
const JUMP_IF_NOT_NUMBER = 0x55;
const JUMP_IF_NUMBER = 0x15;
const JUMP_IF_NOT_SAME = 0x5d;
const EXIT = 0x95;

/** BPF_DEVCG_DEV_* and BPF_DEVCG_ACC_* of linux/bpf.h. */
const TYPE_NUMBER = { b: 1, c: 2 } as const;
const ACCESS_NUMBER: Readonly<{ [letter: string]: number }> = { m: 1, r: 2, w: 4 };
const EVERY_ACCESS = 7;
const INSTRUCTION = 8;

interface Instruction {
  readonly code: number;
  readonly to?: number;
  readonly from?: number;
  /** Jump distance in instructions, or offset in the context. */
  readonly offset?: number;
  readonly value?: number;
}

const HEAD: readonly Instruction[] = [
  { code: LOAD_WORD, to: TYPE, from: CONTEXT, offset: 0 },
  { code: MOVE, to: ACCESS, from: TYPE },
  { code: AND_NUMBER_32, to: TYPE, value: 0xffff },
  { code: SHIFT_RIGHT_32, to: ACCESS, value: 16 },
  { code: LOAD_WORD, to: MAJOR, from: CONTEXT, offset: 4 },
  { code: LOAD_WORD, to: MINOR, from: CONTEXT, offset: 8 },
];

/** The program's instructions as the kernel takes them, little endian. */
export function deviceProgram({ allowByDefault, exceptions }: DevicePolicy): Uint8Array {
  const blocks = exceptions.map((exception) => exceptionBlock(exception, !allowByDefault));
  return assemble([...HEAD, ...blocks.flat(), ...answer(allowByDefault)]);
}

function answer(yes: boolean): readonly Instruction[] {
  return [{ code: MOVE_NUMBER, to: RESULT, value: Number(yes) }, { code: EXIT }];
}

/**
 * One exception. An allowed one must hold every access that is asked for; a denied one strikes as soon as it holds any
 * of them, as the v1 lists do.
 */
function exceptionBlock({ type, major, minor, access }: DeviceException, allow: boolean): readonly Instruction[] {
  const mask = [...access].reduce((bits, letter) => bits | (ACCESS_NUMBER[letter] ?? 0), 0);
  const tests: ((skip: number) => readonly Instruction[])[] = [
    (skip) => [{ code: JUMP_IF_NOT_NUMBER, to: TYPE, value: TYPE_NUMBER[type], offset: skip }],
  ];
  if (mask !== EVERY_ACCESS) {
    tests.push((skip) => [
      { code: MOVE, to: CONTEXT, from: ACCESS },
      { code: AND_NUMBER_32, to: CONTEXT, value: mask },
      allow
        ? { code: JUMP_IF_NOT_SAME, to: CONTEXT, from: ACCESS, offset: skip }
        : { code: JUMP_IF_NUMBER, to: CONTEXT, value: 0, offset: skip },
    ]);
  }
  if (major >= 0) tests.push((skip) => [{ code: JUMP_IF_NOT_NUMBER, to: MAJOR, value: major, offset: skip }]);
  if (minor >= 0) tests.push((skip) => [{ code: JUMP_IF_NOT_NUMBER, to: MINOR, value: minor, offset: skip }]);
  const block = [...answer(allow)];
  for (const test of tests.reverse()) block.unshift(...test(block.length));
  return block;
}

function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, to = 0, from = 0, offset = 0, value = 0 }, index) => {
    const at = index * INSTRUCTION;
    view.setUint8(at, code);
    view.setUint8(at + 1, to | (from << 4));
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, value, true);
  });
  return bytes;
}
