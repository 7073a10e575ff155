/** Statistics of a v2 cgroup (Documentation/admin-guide/cgroup-v2.rst). */
import { integerOf, listOf, namedNumbers, numberIn, pressureIn, sum, times } from "../counters.ts";
import { namesIn, readIfThere } from "../files.ts";
import type {
  BlkioStatistics,
  CpuStatistics,
  CpusetStatistics,
  DeviceCount,
  HugetlbCounter,
  MemoryStatistics,
} from "../statistics.ts";

const NANOSECONDS = 1000;

export function cpu(at: string): CpuStatistics {
  const stat = namedNumbers(`${at}/cpu.stat`);
  const nanoseconds = (name: string) => times(stat[name] ?? 0, NANOSECONDS);
  return {
    usage: { total: nanoseconds("usage_usec"), kernel: nanoseconds("system_usec"), user: nanoseconds("user_usec") },
    throttling: {
      periods: stat.nr_periods ?? 0,
      throttledPeriods: stat.nr_throttled ?? 0,
      throttledTime: nanoseconds("throttled_usec"),
    },
    ...pressureIn(`${at}/cpu.pressure`),
  };
}

export function cpuset(at: string): CpusetStatistics {
  const cpus = readIfThere(`${at}/cpuset.cpus.effective`);
  const mems = readIfThere(`${at}/cpuset.mems.effective`);
  return cpus === undefined || mems === undefined ? {} : { cpus: listOf(cpus), mems: listOf(mems) };
}

/** `swap` is memory and swap together, as on v1. */
export function memory(at: string): MemoryStatistics {
  const usage = numberIn(`${at}/memory.current`);
  if (usage === undefined) return {};
  const raw = namedNumbers(`${at}/memory.stat`);
  const limit = numberIn(`${at}/memory.max`) ?? 0;
  const { max: failcnt = 0 } = namedNumbers(`${at}/memory.events`);
  const swapUsage = numberIn(`${at}/memory.swap.current`);
  const swapLimit = numberIn(`${at}/memory.swap.max`) ?? 0;
  const peak = numberIn(`${at}/memory.peak`);
  return {
    cache: raw.file ?? 0,
    usage: { limit, usage, ...(peak === undefined ? {} : { max: peak }), failcnt },
    ...(swapUsage === undefined
      ? {}
      : { swap: { limit: sum(limit, swapLimit), usage: sum(usage, swapUsage), failcnt: 0 } }),
    raw,
    ...pressureIn(`${at}/memory.pressure`),
  };
}

/** Keys of io.stat, and what v1 calls them. */
const IO_KEYS: Readonly<
  Record<string, readonly [list: "ioServiceBytesRecursive" | "ioServicedRecursive", op: string]>
> = {
  rbytes: ["ioServiceBytesRecursive", "Read"],
  wbytes: ["ioServiceBytesRecursive", "Write"],
  dbytes: ["ioServiceBytesRecursive", "Discard"],
  rios: ["ioServicedRecursive", "Read"],
  wios: ["ioServicedRecursive", "Write"],
  dios: ["ioServicedRecursive", "Discard"],
};

export function blkio(at: string): BlkioStatistics {
  const lists: Record<string, DeviceCount[]> = {};
  for (const line of (readIfThere(`${at}/io.stat`) ?? "").split("\n")) {
    const [device = "", ...pairs] = line.split(" ");
    const [major, minor] = device.split(":").map(Number);
    for (const pair of pairs) {
      const [key = "", value = ""] = pair.split("=");
      const [list, op] = IO_KEYS[key] ?? [];
      if (list === undefined || op === undefined || major === undefined || minor === undefined) continue;
      lists[list] ??= [];
      lists[list].push({ major, minor, op, value: integerOf(value) });
    }
  }
  return { ...lists, ...pressureIn(`${at}/io.pressure`) };
}

export function hugetlb(at: string): Record<string, HugetlbCounter> {
  const sizes = namesIn(at).flatMap((name) => /^hugetlb\.(\d+[KMG]B)\.current$/.exec(name)?.[1] ?? []);
  return Object.fromEntries(
    sizes.map((size) => {
      const rsvd = numberIn(`${at}/hugetlb.${size}.rsvd.current`);
      const usage = rsvd ?? numberIn(`${at}/hugetlb.${size}.current`) ?? 0;
      return [size, { usage, failcnt: namedNumbers(`${at}/hugetlb.${size}.events`).max ?? 0 }];
    }),
  );
}
