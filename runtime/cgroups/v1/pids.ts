import { decimalOrMax } from "../integers.ts";
import type { Writer } from "../types.ts";

const FROM = "/linux/resources/pids/limit";

/** pids.max of v1: -1 is no limit, 0 lets no process be made (joining is not counted against it). */
export const pids: Writer = ({ pids }) => {
  if (pids?.limit === undefined) return [];
  return [{ file: "pids.max", value: decimalOrMax(pids.limit, FROM), from: FROM }];
};
