// The heap of the native executable: what the engine has made of the program, put where addon/native/heap.cc looks.
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { BuildError } from "../build/tools.mjs";

/** See addon/native/Makefile. */
const HEAP = 0x10000000n;
const PROGRAM = 0x20000000n;

/** Places in an ELF64 header and its program headers (elf(5)). */
const ELF = { programs: 32, sections: 40, programSize: 54, programCount: 56, sectionCount: 60, sectionNames: 62 };
const SEGMENT = { type: 0, offset: 8, address: 16, fileSize: 32, memorySize: 40 };
const PT_NULL = 0;
const PT_LOAD = 1;

/** Where the program header of the segment at that address is. */
function segmentAt(file, address) {
  const size = file.readUInt16LE(ELF.programSize);
  const first = Number(file.readBigUInt64LE(ELF.programs));
  for (let at = first; at < first + size * file.readUInt16LE(ELF.programCount); at += size) {
    const loaded = file.readUInt32LE(at + SEGMENT.type) === PT_LOAD;
    if (loaded && file.readBigUInt64LE(at + SEGMENT.address) === address) return at;
  }
  throw new Error(`the executable has no segment at 0x${address.toString(16)}`);
}

/** The heap as `plain` writes it when its flag is set; `runner` is what runs programs of another machine. */
function heapOf(plain, programAt, path, runner) {
  const writer = Buffer.from(plain);
  writer.writeUInt32LE(1, programAt);
  writeFileSync(path, writer, { mode: 0o755 });
  try {
    const [command, ...args] = [...runner, path];
    const done = spawnSync(command, args, { maxBuffer: 1 << 28, env: {} });
    if (done.status === 0 && done.stdout.length > 0) return done.stdout;
    throw new BuildError(`the program can't be prepared: ${done.error?.message ?? done.stderr.toString().trim()}`);
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * Writes `output`: the executable `plain` with a heap in place of the bytecode, so that it starts where the bytecode
 * would have led it. Both have the same code at the same addresses, which the heap is full of.
 */
export function writeImage(plain, output, runner) {
  const file = readFileSync(plain);
  const program = segmentAt(file, PROGRAM);
  const heap = segmentAt(file, HEAP);
  const place = Number(file.readBigUInt64LE(program + SEGMENT.offset));
  const content = heapOf(file, place, `${output}.writer`, runner);
  const head = Buffer.from(file.subarray(0, place));
  head.writeUInt32LE(PT_NULL, program + SEGMENT.type);
  head.writeBigUInt64LE(BigInt(place), heap + SEGMENT.offset);
  head.writeBigUInt64LE(BigInt(content.length), heap + SEGMENT.fileSize);
  head.writeBigUInt64LE(BigInt(content.length), heap + SEGMENT.memorySize);
  head.writeBigUInt64LE(0n, ELF.sections);
  head.writeUInt16LE(0, ELF.sectionCount);
  head.writeUInt16LE(0, ELF.sectionNames);
  writeFileSync(`${output}.new`, Buffer.concat([head, content]));
  chmodSync(`${output}.new`, 0o755);
  renameSync(`${output}.new`, output);
}
