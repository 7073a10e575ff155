/** Lists such as `0-3,7` (cpuset(7), "List format") as the bit masks that the kernel's calls take. */

const BITS_PER_WORD = 64;

/** Bit N of the result is set for every number N of a valid list (see isCpuList); whole 64-bit words, none for "". */
export function maskOf(list: string): Uint8Array {
  const ranges = list === "" ? [] : list.split(",").map(rangeOf);
  const highest = ranges.reduce((most, [, last]) => Math.max(most, last), -1);
  const mask = new Uint8Array(Math.ceil((highest + 1) / BITS_PER_WORD) * (BITS_PER_WORD / 8));
  for (const [first, last] of ranges) {
    for (let bit = first; bit <= last; bit++) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return mask;
}

function rangeOf(part: string): [first: number, last: number] {
  const [first = 0, last = first] = part.split("-").map(Number);
  return [first, last];
}
