import { RuntimeError } from "../../errors.ts";
import { decimal, decimalOrMax, isGiven } from "../integers.ts";
import type { CgroupWrite, Integer, OnFailure, Resources, Writer } from "../types.ts";

type Cpu = NonNullable<Resources["cpu"]>;

const AT = "/linux/resources/cpu";
/** cpu.cfs_period_us' default, which cpu.max shares. */
const DEFAULT_PERIOD = 100_000;
const LEAST = { shares: 2, weight: 1 };
const MOST = { shares: 262_144, weight: 10_000 };

/** cpu.* of v2 (Documentation/admin-guide/cgroup-v2.rst). Throws for real-time times: v2 has none. */
export const cpu: Writer = ({ cpu }, warn) => {
  if (cpu === undefined) return [];
  refuseRealtime(cpu);
  const { shares, burst, idle } = cpu;
  const entry = (file: string, name: string, value: string, onFailure: OnFailure = ""): CgroupWrite => {
    return { file, value, from: `${AT}/${name}`, onFailure };
  };
  if (isGiven(shares) && (shares < LEAST.shares || shares > MOST.shares)) {
    warn(`cpu shares ${shares}: out of the range of v2 weights, taken as the nearest`, `${AT}/shares`);
  }
  return [
    // An idle group takes no weight, and is not idle by default.
    ...(idle !== undefined && !isGiven(idle) ? [entry("cpu.idle", "idle", "0", "skip")] : []),
    ...(isGiven(shares) ? [entry("cpu.weight", "shares", String(weightOfShares(shares)))] : []),
    ...bandwidth(cpu),
    ...(isGiven(burst) ? [entry("cpu.max.burst", "burst", decimal(burst, `${AT}/burst`))] : []),
    ...(isGiven(idle) ? [entry("cpu.idle", "idle", decimal(idle, `${AT}/idle`))] : []),
  ];
};

/** Quota and period are one file; an old burst may be too much for a new quota. */
function bandwidth({ quota, period, burst }: Cpu): CgroupWrite[] {
  if (!isGiven(quota) && !isGiven(period)) return [];
  const time = isGiven(quota) ? decimalOrMax(quota, `${AT}/quota`) : "max";
  const length = decimal(isGiven(period) ? period : DEFAULT_PERIOD, `${AT}/period`);
  const from = `${AT}/${isGiven(quota) ? "quota" : "period"}`;
  const write = { file: "cpu.max", value: `${time} ${length}`, from };
  if (!isGiven(burst)) return [write];
  return [{ ...write, onFailure: "unblock", other: { file: "cpu.max.burst", value: decimal(burst, `${AT}/burst`) } }];
}

/**
 * The v2 weight of v1 shares: 10^((l^2 + 125 l) / 612 - 7 / 34) with l = log2(shares), rounded up, so that the least,
 * the default (1024 -> 100) and the most of both scales meet.
 */
export function weightOfShares(shares: Integer): number {
  if (shares <= LEAST.shares) return LEAST.weight;
  if (shares >= MOST.shares) return MOST.weight;
  const l = Math.log2(Number(shares));
  // The last bits of pow differ between engines; a whole result must not become the next one.
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34) - 1e-9);
}

function refuseRealtime({ realtimeRuntime, realtimePeriod }: Cpu): void {
  const given = [
    ["realtimeRuntime", realtimeRuntime],
    ["realtimePeriod", realtimePeriod],
  ] as const;
  for (const [name, value] of given) {
    if (!isGiven(value)) continue;
    throw new RuntimeError("E_HOST_UNSUPPORTED", `cpu ${name} ${value}: cgroup v2 has no real-time limits`, {
      pointer: `${AT}/${name}`,
    });
  }
}
