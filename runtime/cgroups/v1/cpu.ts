import { RuntimeError } from "../../errors.ts";
import { decimal, isGiven } from "../integers.ts";
import type { CgroupWrite, Integer, OnFailure, Writer } from "../types.ts";

const AT = "/linux/resources/cpu";
const SHARES = [2, 262144] as const;

/**
 * cpu.* of v1. Each of runtime and period, and of period, quota and burst, may be refused because of an old value of the
 * next one. Throws for shares that the kernel would silently change (kernel/sched: MIN_SHARES and MAX_SHARES).
 */
export const cpu: Writer = ({ cpu }) => {
  if (cpu === undefined) return [];
  const { shares, quota, period, burst, idle, realtimePeriod, realtimeRuntime } = cpu;
  const [isIdle, isShares] = [given("cpu.idle", "idle", idle), given("cpu.shares", "shares", shares)];
  if (isGiven(shares)) checkShares(shares);
  return [
    ...chain([
      given("cpu.rt_period_us", "realtimePeriod", realtimePeriod),
      given("cpu.rt_runtime_us", "realtimeRuntime", realtimeRuntime),
    ]),
    // An idle group takes no shares, and is not idle by default.
    ...(idle !== undefined && !isGiven(idle) ? [entry("cpu.idle", "idle", idle, "skip")] : []),
    ...chain([isShares]),
    ...chain([
      given("cpu.cfs_period_us", "period", period),
      given("cpu.cfs_quota_us", "quota", quota),
      given("cpu.cfs_burst_us", "burst", burst),
    ]),
    ...chain([isIdle]),
  ];
};

function given(file: string, name: string, value: Integer | undefined): CgroupWrite | undefined {
  return isGiven(value) ? entry(file, name, value) : undefined;
}

function entry(file: string, name: string, value: Integer, onFailure: OnFailure = ""): CgroupWrite {
  const from = `${AT}/${name}`;
  return { file, value: decimal(value, from), from, onFailure };
}

/** Writes of which each is unblocked by the next. */
function chain(writes: readonly (CgroupWrite | undefined)[]): CgroupWrite[] {
  const all = writes.filter((write) => write !== undefined);
  return all.map((write, index): CgroupWrite => {
    const next = all[index + 1];
    return next === undefined
      ? write
      : { ...write, onFailure: "unblock", other: { file: next.file, value: next.value } };
  });
}

function checkShares(shares: Integer): void {
  const [least, most] = SHARES;
  if (shares >= least && shares <= most) return;
  const message = `cpu shares ${shares}: the kernel takes ${least} to ${most}`;
  throw new RuntimeError("E_CONFIG_INVALID", message, { pointer: `${AT}/shares` });
}
