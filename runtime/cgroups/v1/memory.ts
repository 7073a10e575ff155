import { decimal, isGiven, isUnlimited } from "../integers.ts";
import { checkMemory, MEMORY } from "../memory-limits.ts";
import type { CgroupWrite, Integer, OnFailure, Resources, Writer } from "../types.ts";

type Memory = NonNullable<Resources["memory"]>;

const LIMIT = "memory.limit_in_bytes";
const LIMIT_WITH_SWAP = "memory.memsw.limit_in_bytes";

/** memory.* of v1 (Documentation/admin-guide/cgroup-v1/memory.rst). Kernel memory has had no limit since Linux 5.16. */
export const memory: Writer = ({ memory }, warn) => {
  if (memory === undefined) return [];
  checkMemory(memory);
  const { reservation, kernel, kernelTCP, swappiness, disableOOMKiller, useHierarchy } = memory;
  const writes: CgroupWrite[] = [];
  const write = (file: string, name: keyof Memory, value: Integer, onFailure: OnFailure = "") =>
    writes.push(entry(file, name, value, onFailure));
  if (useHierarchy !== undefined) {
    write("memory.use_hierarchy", "useHierarchy", useHierarchy ? 1 : 0, useHierarchy ? "skip" : "warn");
  }
  writes.push(...limits(memory));
  if (isGiven(kernel) && !isUnlimited(kernel)) {
    warn("kernel memory limit: has no effect since Linux 5.16", `${MEMORY}/kernel`);
    write("memory.kmem.limit_in_bytes", "kernel", kernel, "warn");
  }
  if (isGiven(kernelTCP)) write("memory.kmem.tcp.limit_in_bytes", "kernelTCP", kernelTCP, "warn");
  if (isGiven(reservation)) write("memory.soft_limit_in_bytes", "reservation", reservation);
  if (disableOOMKiller === true) write("memory.oom_control", "disableOOMKiller", 1);
  if (swappiness !== undefined) write("memory.swappiness", "swappiness", swappiness);
  return writes;
};

/**
 * The kernel keeps the limit at or below the limit with swap at every moment: lowered, it goes first; raised, it is
 * refused until the other one has been raised.
 */
function limits({ limit, swap }: Memory): CgroupWrite[] {
  const withSwap = isGiven(swap) ? swapEntry(swap) : undefined;
  if (!isGiven(limit)) return withSwap === undefined ? [] : [withSwap];
  const alone = entry(LIMIT, "limit", limit);
  if (isUnlimited(limit)) return [withSwap ?? entry(LIMIT_WITH_SWAP, "limit", -1, "skip"), alone];
  if (withSwap === undefined) return [alone];
  return [{ ...alone, onFailure: "unblock", other: { file: withSwap.file, value: withSwap.value } }, withSwap];
}

/** Where swap is not counted there is no file, and no limit either. */
function swapEntry(swap: Integer): CgroupWrite {
  return entry(LIMIT_WITH_SWAP, "swap", swap, isUnlimited(swap) ? "skip" : "");
}

function entry(file: string, name: keyof Memory, value: Integer, onFailure: OnFailure = ""): CgroupWrite {
  const from = `${MEMORY}/${name}`;
  return { file, value: decimal(value, from), from, onFailure };
}
