// The native executable as a file: its segments, and how they are filled (elf(5)).

/** Places in an ELF64 header and its program headers. */
const ELF = { programs: 32, sections: 40, programSize: 54, programCount: 56, sectionCount: 60, sectionNames: 62 };
const SEGMENT = { type: 0, offset: 8, address: 16, fileSize: 32, memorySize: 40 };
const PT_NULL = 0;
const PT_LOAD = 1;

/** Addresses of the segments that addon/native/place.S makes: see addon/native/Makefile. */
const HEAP = 0x10000000n;
const PROGRAM = 0x20000000n;

/** How the executable is run by the build: see addon/native/layout.h. */
export const MODES = { write: 1, rehearse: 2 };

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

const offsetOf = (file, segment) => Number(file.readBigUInt64LE(segment + SEGMENT.offset));

/** A copy of the executable that runs in one of the MODES. */
export function inMode(plain, mode) {
  const file = Buffer.from(plain);
  file.writeUInt32LE(mode, offsetOf(file, segmentAt(file, PROGRAM)));
  return file;
}

/** The executable with a heap in the place of the bytecode that it was made from, which comes last in the file. */
export function withHeap(plain, content) {
  const program = segmentAt(plain, PROGRAM);
  const heap = segmentAt(plain, HEAP);
  const place = offsetOf(plain, program);
  const file = Buffer.concat([plain.subarray(0, place), content]);
  file.writeUInt32LE(PT_NULL, program + SEGMENT.type);
  file.writeBigUInt64LE(BigInt(place), heap + SEGMENT.offset);
  file.writeBigUInt64LE(BigInt(content.length), heap + SEGMENT.fileSize);
  file.writeBigUInt64LE(BigInt(content.length), heap + SEGMENT.memorySize);
  // Section headers would no longer be true.
  file.writeBigUInt64LE(0n, ELF.sections);
  file.writeUInt16LE(0, ELF.sectionCount);
  file.writeUInt16LE(0, ELF.sectionNames);
  return file;
}
