import { decimal } from "./integers.ts";
import type { Writer } from "./types.ts";

const AT = "/linux/resources/hugepageLimits";

/** Limits of reservations, or of page faults where the kernel (before 5.7) does not count reservations. */
function hugetlbWriter(suffix: string): Writer {
  return ({ hugepageLimits = [] }) =>
    hugepageLimits.map(({ pageSize, limit }, index) => {
      const from = `${AT}/${index}`;
      const value = decimal(limit, `${from}/limit`);
      const other = { file: `hugetlb.${pageSize}.${suffix}`, value };
      return { file: `hugetlb.${pageSize}.rsvd.${suffix}`, value, from, other };
    });
}

/** hugetlb.* of v1. */
export const hugetlb: Writer = hugetlbWriter("limit_in_bytes");
/** hugetlb.* of v2, which differs in the last part of the name only. */
export const hugetlbUnified: Writer = hugetlbWriter("max");
