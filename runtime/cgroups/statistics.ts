/** What a container uses, in the shape of runc's `events --stats`; read from v1 files where those are, else from v2. */
import { readIfThere } from "./files.ts";
import type { CgroupPaths, Integer } from "./types.ts";
import * as v1 from "./v1/statistics.ts";
import * as v2 from "./v2/statistics.ts";

/** One number of one block device; `op` is Read, Write ... or "". */
export interface DeviceCount {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: Integer;
}

/** Percent of time, and microseconds in all, in which tasks waited (PSI). */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: Integer;
}

export interface Pressure {
  readonly some: PressureLine;
  readonly full: PressureLine;
}

/** Times in nanoseconds. */
export interface CpuStatistics {
  readonly usage: {
    readonly total?: Integer;
    readonly percpu?: readonly Integer[];
    readonly percpu_kernel?: readonly Integer[];
    readonly percpu_user?: readonly Integer[];
    readonly kernel: Integer;
    readonly user: Integer;
  };
  readonly throttling: {
    readonly periods?: Integer;
    readonly throttledPeriods?: Integer;
    readonly throttledTime?: Integer;
  };
  readonly psi?: Pressure;
}

/** Bytes. */
export interface MemoryCounter {
  readonly limit: Integer;
  readonly usage?: Integer;
  readonly max?: Integer;
  readonly failcnt: Integer;
}

export interface MemoryStatistics {
  readonly cache?: Integer;
  readonly usage?: MemoryCounter;
  readonly swap?: MemoryCounter;
  readonly kernel?: MemoryCounter;
  readonly kernelTCP?: MemoryCounter;
  /** memory.stat as it is. */
  readonly raw?: Readonly<Record<string, Integer>>;
  readonly psi?: Pressure;
}

export interface BlkioStatistics {
  readonly ioServiceBytesRecursive?: readonly DeviceCount[];
  readonly ioServicedRecursive?: readonly DeviceCount[];
  readonly ioQueueRecursive?: readonly DeviceCount[];
  readonly ioServiceTimeRecursive?: readonly DeviceCount[];
  readonly ioWaitTimeRecursive?: readonly DeviceCount[];
  readonly ioMergedRecursive?: readonly DeviceCount[];
  readonly ioTimeRecursive?: readonly DeviceCount[];
  readonly sectorsRecursive?: readonly DeviceCount[];
  readonly psi?: Pressure;
}

export interface HugetlbCounter {
  readonly usage?: Integer;
  readonly max?: Integer;
  readonly failcnt: Integer;
}

/** Lists of CPUs and memory nodes, and the flags of v1, where 1 is on. */
export type CpusetStatistics = Readonly<Record<string, Integer | readonly number[]>>;

export interface Statistics {
  readonly cpu: CpuStatistics;
  readonly cpuset: CpusetStatistics;
  readonly memory: MemoryStatistics;
  /** limit 0 is none. */
  readonly pids: { readonly current?: Integer; readonly limit?: Integer };
  readonly blkio: BlkioStatistics;
  /** By page size, e.g. `2MB`. */
  readonly hugetlb: Readonly<Record<string, HugetlbCounter>>;
}

/** Reads all numbers that there are; what a host does not count is left out. Integers are exact. Throws SystemError. */
export function statistics(paths: CgroupPaths): Statistics {
  const unified = paths.unified;
  const read = <Result>(
    controller: string,
    old: (at: string) => Result,
    current: (at: string) => Result,
  ): Result | undefined => {
    const at = paths[controller];
    if (at !== undefined) return old(at);
    return unified === undefined ? undefined : current(unified);
  };
  return {
    cpu: read("cpu", (at) => v1.cpu(at, paths.cpuacct), v2.cpu) ?? { usage: { kernel: 0, user: 0 }, throttling: {} },
    cpuset: read("cpuset", v1.cpuset, v2.cpuset) ?? {},
    memory: read("memory", v1.memory, v2.memory) ?? {},
    pids: read("pids", pids, pids) ?? {},
    blkio: read("blkio", v1.blkio, v2.blkio) ?? {},
    hugetlb: read("hugetlb", v1.hugetlb, v2.hugetlb) ?? {},
  };
}

/** The two files are the same on v1 and v2. */
function pids(at: string): Statistics["pids"] {
  const current = readIfThere(`${at}/pids.current`)?.trim();
  const limit = readIfThere(`${at}/pids.max`)?.trim();
  if (current === undefined || limit === undefined) return {};
  return { current: Number(current), limit: limit === "max" ? 0 : Number(limit) };
}
