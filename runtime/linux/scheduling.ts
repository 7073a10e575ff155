/** Scheduling words of config.json as the kernel's numbers. */

/** Policies of sched_setattr(2) (linux/sched.h). SCHED_ISO has a number but no implementation. */
export const SCHED_POLICIES = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const satisfies Readonly<Record<string, number>>;

/** sched_flags of sched_setattr(2); KEEP_* since 5.2, UTIL_CLAMP_* since 5.3. */
export const SCHED_FLAGS = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
} as const satisfies Readonly<Record<string, number>>;

/** Classes of ioprio_set(2). */
export const IO_CLASSES = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
} as const satisfies Readonly<Record<string, number>>;

/** The number that ioprio_set(2) takes: class above bit 13, priority below. */
export function ioPriority(ioClass: number, priority: number): number {
  return (ioClass << 13) | priority;
}

/** What sched_setattr(2) is told, by the names of struct sched_attr; times in nanoseconds. */
export interface SchedulerAttributes {
  readonly policy: number;
  readonly flags: bigint;
  readonly nice: number;
  readonly priority: number;
  readonly runtime: bigint;
  readonly deadline: bigint;
  readonly period: bigint;
}

/** struct sched_attr of 5.3, with the two utilization clamps. */
const SCHED_ATTR_SIZE = 56;

/** struct sched_attr in its wire form, utilization clamps at 0. */
export function encodeScheduler(attributes: SchedulerAttributes): Uint8Array {
  const bytes = new Uint8Array(SCHED_ATTR_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SCHED_ATTR_SIZE, true);
  view.setUint32(4, attributes.policy, true);
  view.setBigUint64(8, attributes.flags, true);
  view.setInt32(16, attributes.nice, true);
  view.setUint32(20, attributes.priority, true);
  view.setBigUint64(24, attributes.runtime, true);
  view.setBigUint64(32, attributes.deadline, true);
  view.setBigUint64(40, attributes.period, true);
  return bytes;
}

/** Execution domains of personality(2). */
export const PERSONALITIES = { LINUX: 0x0, LINUX32: 0x8 } as const satisfies Readonly<Record<string, number>>;
