import { RuntimeError } from "../../errors.ts";
import { decimal, decimalOrMax, difference, isGiven, isUnlimited } from "../integers.ts";
import { checkMemory, MEMORY } from "../memory-limits.ts";
import type { CgroupWrite, Integer, Resources, Writer } from "../types.ts";

type Memory = NonNullable<Resources["memory"]>;

/**
 * memory.* of v2: swap there is swap alone, so the difference of the two limits. Throws for what v2 can't do
 * (swappiness, no OOM killer, TCP buffers); kernel memory is counted into the limit and has had none of its own since
 * Linux 5.16.
 */
export const memory: Writer = ({ memory }, warn) => {
  if (memory === undefined) return [];
  checkMemory(memory);
  refuseV1Only(memory);
  const { limit, reservation, kernel, useHierarchy, checkBeforeUpdate } = memory;
  if (isGiven(kernel) && !isUnlimited(kernel)) {
    warn("kernel memory limit: has no effect since Linux 5.16", `${MEMORY}/kernel`);
  }
  if (useHierarchy === false) warn("memory use hierarchy: is always on with cgroup v2", `${MEMORY}/useHierarchy`);
  const from = `${MEMORY}/limit`;
  const writes: CgroupWrite[] = swapWrites(memory);
  if (isGiven(limit)) {
    const check = checkBeforeUpdate === true && !isUnlimited(limit) ? { notBelow: "memory.current" } : {};
    writes.push({ file: "memory.max", value: decimalOrMax(limit, from), from, ...check });
  }
  if (isGiven(reservation)) {
    const from = `${MEMORY}/reservation`;
    writes.push({ file: "memory.low", value: decimalOrMax(reservation, from), from });
  }
  return writes;
};

/** No file means that there is no swap: then no limit, and none of it, are what there is. */
function swapWrites({ limit, swap }: Memory): CgroupWrite[] {
  const file = "memory.swap.max";
  const from = `${MEMORY}/swap`;
  if (isGiven(swap) && isUnlimited(swap)) return [{ file, value: "max", from, onFailure: "skip" }];
  if (isGiven(swap)) {
    decimal(swap, from);
    const value = difference(swap, limit as Integer);
    return [{ file, value, from, onFailure: value === "0" ? "skip" : "" }];
  }
  if (isGiven(limit) && isUnlimited(limit)) {
    return [{ file, value: "max", from: `${MEMORY}/limit`, onFailure: "skip" }];
  }
  return [];
}

function refuseV1Only({ swappiness, disableOOMKiller, kernelTCP }: Memory): void {
  const refused = [
    ["swappiness", swappiness !== undefined],
    ["disableOOMKiller", disableOOMKiller === true],
    ["kernelTCP", isGiven(kernelTCP) && !isUnlimited(kernelTCP)],
  ] as const;
  for (const [name, isAsked] of refused) {
    if (!isAsked) continue;
    throw new RuntimeError("E_HOST_UNSUPPORTED", `memory ${name}: cgroup v2 has no such control`, {
      pointer: `${MEMORY}/${name}`,
    });
  }
}
