/** Statistics of v1 hierarchies (Documentation/admin-guide/cgroup-v1/), each from its own directory. */
import { deviceCounts, integerOf, listOf, namedNumbers, numberIn, times } from "../counters.ts";
import { namesIn, readIfThere } from "../files.ts";
import type {
  BlkioStatistics,
  CpuStatistics,
  CpusetStatistics,
  DeviceCount,
  HugetlbCounter,
  MemoryCounter,
  MemoryStatistics,
} from "../statistics.ts";

/** USER_HZ is 100 on every architecture that Linux runs containers on. */
const NANOSECONDS_PER_TICK = 10_000_000;

/** cpu.stat, and usage from cpuacct where that hierarchy is there. */
export function cpu(at: string, account: string | undefined): CpuStatistics {
  const { nr_periods = 0, nr_throttled = 0, throttled_time = 0 } = namedNumbers(`${at}/cpu.stat`);
  const throttling = { periods: nr_periods, throttledPeriods: nr_throttled, throttledTime: throttled_time };
  if (account === undefined) return { usage: { kernel: 0, user: 0 }, throttling };
  const { user = 0, system = 0 } = namedNumbers(`${account}/cpuacct.stat`);
  const rows = (readIfThere(`${account}/cpuacct.usage_all`) ?? "").trim().split("\n").slice(1);
  const column = (index: number) => rows.map((row) => integerOf(row.split(" ")[index] ?? "0"));
  const total = numberIn(`${account}/cpuacct.usage`) ?? 0;
  const percpu = (readIfThere(`${account}/cpuacct.usage_percpu`) ?? "")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(integerOf);
  return {
    usage: {
      total,
      percpu,
      percpu_kernel: column(2),
      percpu_user: column(1),
      kernel: times(system, NANOSECONDS_PER_TICK),
      user: times(user, NANOSECONDS_PER_TICK),
    },
    throttling,
  };
}

const CPUSET_FLAGS = [
  "cpu_exclusive",
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
];

export function cpuset(at: string): CpusetStatistics {
  const flags = CPUSET_FLAGS.map((name) => [name, numberIn(`${at}/cpuset.${name}`) ?? 0] as const);
  const list = (name: string) => listOf(readIfThere(`${at}/cpuset.${name}`) ?? "");
  return { cpus: list("cpus"), mems: list("mems"), ...Object.fromEntries(flags) };
}

export function memory(at: string): MemoryStatistics {
  const raw = namedNumbers(`${at}/memory.stat`);
  return {
    cache: raw.cache ?? 0,
    ...counter(at, "usage", "memory"),
    ...counter(at, "swap", "memory.memsw"),
    ...counter(at, "kernel", "memory.kmem"),
    ...counter(at, "kernelTCP", "memory.kmem.tcp"),
    raw,
  };
}

/** A counter's four files; nothing where the kernel does not keep it. */
function counter(at: string, name: string, prefix: string): Record<string, MemoryCounter> {
  const limit = numberIn(`${at}/${prefix}.limit_in_bytes`);
  if (limit === undefined) return {};
  const read = (file: string) => numberIn(`${at}/${prefix}.${file}`) ?? 0;
  return {
    [name]: { limit, usage: read("usage_in_bytes"), max: read("max_usage_in_bytes"), failcnt: read("failcnt") },
  };
}

const BLKIO_FILES: readonly (readonly [keyof BlkioStatistics, string])[] = [
  ["ioServiceBytesRecursive", "io_service_bytes"],
  ["ioServicedRecursive", "io_serviced"],
  ["ioQueueRecursive", "io_queued"],
  ["ioServiceTimeRecursive", "io_service_time"],
  ["ioWaitTimeRecursive", "io_wait_time"],
  ["ioMergedRecursive", "io_merged"],
  ["ioTimeRecursive", "time"],
  ["sectorsRecursive", "sectors"],
];

/** From the scheduler that counts: BFQ, CFQ (before Linux 5.0), or the throttling layer. */
export function blkio(at: string): BlkioStatistics {
  const found: Record<string, DeviceCount[]> = {};
  for (const [name, file] of BLKIO_FILES) {
    const places = [`blkio.bfq.${file}_recursive`, `blkio.${file}_recursive`, `blkio.throttle.${file}_recursive`];
    const counts = places.map((place) => deviceCounts(`${at}/${place}`) ?? []).find((list) => list.length > 0);
    if (counts !== undefined) found[name] = counts;
  }
  return found;
}

export function hugetlb(at: string): Record<string, HugetlbCounter> {
  const sizes = namesIn(at).flatMap((name) => /^hugetlb\.(\d+[KMG]B)\.usage_in_bytes$/.exec(name)?.[1] ?? []);
  return Object.fromEntries(
    sizes.map((size) => {
      const rsvd = numberIn(`${at}/hugetlb.${size}.rsvd.usage_in_bytes`) === undefined ? "" : ".rsvd";
      const read = (file: string) => numberIn(`${at}/hugetlb.${size}${rsvd}.${file}`) ?? 0;
      return [size, { usage: read("usage_in_bytes"), max: read("max_usage_in_bytes"), failcnt: read("failcnt") }];
    }),
  );
}
