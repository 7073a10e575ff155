import { RuntimeError } from "../../errors.ts";
import { decimal, isGiven } from "../integers.ts";
import type { CgroupWrite, Writer } from "../types.ts";

const AT = "/linux/resources/cpu";
const SHARES = [2, 262144] as const;

/**
 * cpu.* of v1. A period, quota or burst that contradicts an old one is written again after the next of them.
 * Throws for shares that the kernel would silently change (Documentation/scheduler/sched-design-CFS.rst).
 */
export const cpu: Writer = ({ cpu }) => {
  if (cpu === undefined) return [];
  const { shares, quota, period, burst, idle, realtimePeriod, realtimeRuntime } = cpu;
  const writes: CgroupWrite[] = [];
  const write = (file: string, name: string, value: number | bigint, onFailure: CgroupWrite["onFailure"] = "") =>
    writes.push({ file, value: decimal(value, `${AT}/${name}`), from: `${AT}/${name}`, onFailure });
  if (isGiven(realtimePeriod)) {
    write("cpu.rt_period_us", "realtimePeriod", realtimePeriod, isGiven(realtimeRuntime) ? "later" : "");
  }
  if (isGiven(realtimeRuntime)) write("cpu.rt_runtime_us", "realtimeRuntime", realtimeRuntime);
  if (idle !== undefined && Number(idle) === 0) write("cpu.idle", "idle", idle, "skip");
  if (isGiven(shares)) {
    checkShares(shares);
    write("cpu.shares", "shares", shares);
  }
  if (isGiven(period)) write("cpu.cfs_period_us", "period", period, isGiven(quota) || isGiven(burst) ? "later" : "");
  if (isGiven(quota)) write("cpu.cfs_quota_us", "quota", quota, isGiven(burst) ? "later" : "");
  if (isGiven(burst)) write("cpu.cfs_burst_us", "burst", burst);
  if (isGiven(idle)) write("cpu.idle", "idle", idle);
  return writes;
};

function checkShares(shares: number | bigint): void {
  const [least, most] = SHARES;
  if (shares >= least && shares <= most) return;
  const message = `cpu shares ${shares}: the kernel takes ${least} to ${most}`;
  throw new RuntimeError("E_CONFIG_INVALID", message, { pointer: `${AT}/shares` });
}
