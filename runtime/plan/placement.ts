/** Where a process runs and with what right: scheduler, I/O priority, memory nodes, execution domain. */
import { RuntimeError } from "../errors.ts";
import { maskOf } from "../linux/bit-lists.ts";
import { MEMORY_FLAGS, MEMORY_MODES } from "../linux/memory-policy.ts";
import { IO_CLASSES, PERSONALITIES, SCHED_FLAGS, SCHED_POLICIES } from "../linux/scheduling.ts";
import type { Linux, Process } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";

/** What the container's config says about every process in it. */
export type ContainerPlacement = Pick<Linux, "personality" | "memoryPolicy">;

/**
 * Steps of the container's own section, for create and exec alike. They need no privilege, and the cgroups (cpusets) must
 * have been joined.
 */
export function containerPlacementSteps({ personality, memoryPolicy }: ContainerPlacement): Step[] {
  const steps: Step[] = [];
  if (memoryPolicy !== undefined) {
    const { mode, nodes = "", flags = [] } = memoryPolicy;
    const bits = flags.reduce((all, flag) => all | MEMORY_FLAGS[flag], MEMORY_MODES[mode] as number);
    const from = "/linux/memoryPolicy";
    steps.push({ step: "setMemoryPolicy", by: "init", from, mode: bits, nodes: maskOf(nodes), list: nodes });
  }
  if (personality !== undefined) {
    const from = "/linux/personality";
    steps.push({ step: "setPersonality", by: "init", from, persona: PERSONALITIES[personality.domain] });
  }
  return steps;
}

/**
 * Scheduler and I/O priority: the parent's, which keeps its privilege (config.md#linux-process). `hooks`: whether init
 * must still start startContainer hooks, which the kernel denies a process under SCHED_DEADLINE.
 */
export function schedulingSteps(process: Process, pointer: string, hooks: boolean): Step[] {
  const { scheduler, ioPriority } = process;
  const steps: Step[] = [];
  if (ioPriority !== undefined) {
    const ioClass = IO_CLASSES[ioPriority.class];
    const from = `${pointer}/ioPriority`;
    steps.push({ step: "setIoPriority", by: "parent", from, ioClass, priority: ioPriority.priority });
  }
  if (scheduler === undefined) return steps;
  const { policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 } = scheduler;
  if (hooks && policy === "SCHED_DEADLINE" && !flags.includes("SCHED_FLAG_RESET_ON_FORK")) {
    const message = "startContainer hooks can't be run under SCHED_DEADLINE without SCHED_FLAG_RESET_ON_FORK";
    throw new RuntimeError("E_CONFIG_INVALID", message, { pointer: `${pointer}/scheduler/flags` });
  }
  steps.push({
    step: "setScheduler",
    by: "parent",
    from: `${pointer}/scheduler`,
    policy: SCHED_POLICIES[policy],
    nice,
    priority,
    flags: BigInt(flags.reduce((all, flag) => all | SCHED_FLAGS[flag], 0)),
    runtime: BigInt(runtime),
    deadline: BigInt(deadline),
    period: BigInt(period),
  });
  return steps;
}

/** One end of execCPUAffinity: the launcher's before it is in the container's cgroup, or init's after. */
export function affinitySteps(process: Process, pointer: string, end: "initial" | "final"): Step[] {
  const list = process.execCPUAffinity?.[end] ?? "";
  if (list === "") return [];
  const by = end === "initial" ? "launcher" : "init";
  return [{ step: "setAffinity", by, from: `${pointer}/execCPUAffinity/${end}`, cpus: maskOf(list), list }];
}
