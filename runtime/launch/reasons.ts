/** What an errno of a step means, where the kernel's own words say too little. */
import { EACCES, EBUSY, EINVAL, ENOENT, EPERM } from "../linux/errno.ts";
import type { StepName } from "../plan/generated/step.ts";

const REASONS: Readonly<{ [Name in StepName]?: Readonly<{ [errno: number]: string }> }> = {
  writeIdMaps: { [EINVAL]: "the kernel takes 340 ranges, as text of less than a page, and no id twice" },
  becomeRoot: { [EINVAL]: "the user namespace has no id maps" },
  setAffinity: { [EINVAL]: "none of these CPUs is online and allowed here" },
  setMemoryPolicy: { [EINVAL]: "this kernel does not know the policy, or may not use these nodes here" },
  writeAttribute: {
    [ENOENT]: "no such profile is loaded",
    [EINVAL]: "the security module does not know it",
  },
  setScheduler: {
    [EPERM]: "real-time policies need CAP_SYS_NICE or RLIMIT_RTPRIO, and on cgroup v1 cpu.realtimeRuntime",
    [EBUSY]: "the CPUs have no bandwidth left for it",
  },
  setIoPriority: { [EPERM]: "the real-time class needs CAP_SYS_NICE or CAP_SYS_ADMIN" },
  setRlimit: {
    [EPERM]: "more than the caller may have needs CAP_SYS_RESOURCE, and fs.nr_open is the most of open files",
  },
  setOomScoreAdj: { [EACCES]: "less than the caller's own needs CAP_SYS_RESOURCE" },
};

/** A word more on why a step failed with this errno, or "". */
export function reasonOf(step: StepName, errno: number): string {
  return REASONS[step]?.[errno] ?? "";
}
