import { decimalOrMax } from "../integers.ts";
import type { Writer } from "../types.ts";

const FROM = "/linux/resources/pids/limit";

/** pids.max of v2: -1 is no limit. 0 is written when init is there, since a clone into the cgroup counts against it. */
export const pids: Writer = ({ pids }) => {
  if (pids?.limit === undefined) return [];
  const value = decimalOrMax(pids.limit, FROM);
  return [{ file: "pids.max", value, from: FROM, ...(value === "0" ? { late: true } : {}) }];
};
