import { decimal } from "./integers.ts";
import type { Writer } from "./types.ts";

const AT = "/linux/resources/hugepageLimits";

/**
 * Limits of page faults, and of reservations where the kernel (5.7) counts them: those end an mmap that goes too far,
 * not a program. What is reserved is faulted in later, so that the first costs nobody who keeps to the second.
 */
function hugetlbWriter(suffix: string): Writer {
  return ({ hugepageLimits = [] }) =>
    hugepageLimits.flatMap(({ pageSize, limit }, index) => {
      const from = `${AT}/${index}`;
      const value = decimal(limit, `${from}/limit`);
      return [
        { file: `hugetlb.${pageSize}.${suffix}`, value, from },
        { file: `hugetlb.${pageSize}.rsvd.${suffix}`, value, from, onFailure: "skip" },
      ];
    });
}

/** hugetlb.* of v1. */
export const hugetlb: Writer = hugetlbWriter("limit_in_bytes");
/** hugetlb.* of v2, which differs in the last part of the name only. */
export const hugetlbUnified: Writer = hugetlbWriter("max");
