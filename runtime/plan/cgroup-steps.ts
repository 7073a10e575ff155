/** The cgroup section of the plan: made and limited before the clone, joined by init itself. */
import { planCgroups } from "../cgroups/plan.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Step } from "./generated/step.ts";
import type { PlanContext } from "./plan.ts";

export interface CgroupSection {
  /** makeCgroup and writeCgroup, before the clone. */
  readonly steps: readonly Step[];
  /** writeCgroup for values that the kernel takes only once init is in the cgroup. */
  readonly lateSteps: readonly Step[];
  /** init's joinCgroup on v1: the kernel takes a process that writes itself far faster than one that is written. */
  readonly joins: readonly Step[];
  /** The v2 directory for CLONE_INTO_CGROUP, or "". */
  readonly into: string;
  readonly paths: Readonly<Record<string, string>>;
  /** The new cgroup namespace must be made after the v1 joins, or its roots would be the caller's cgroups. */
  readonly unshareLate: boolean;
}

export function cgroupSection({ spec, host, options, slots, namespaces, warnings }: PlanContext): CgroupSection {
  const planned = planCgroups({
    layout: host.cgroups,
    id: options.id,
    cgroupsPath: spec.linux?.cgroupsPath,
    resources: spec.linux?.resources,
    inUserNamespace: host.inUserNamespace,
  });
  warnings.push(...planned.warnings);
  const from = "/linux/cgroupsPath";
  const joins = planned.joins.map(({ path }): Step => {
    return { step: "joinCgroup", by: "init", from, slot: slots.add({ kind: "cgroup", path, from }), path };
  });
  const wantsNamespace = (namespaces.created & NAMESPACES.cgroup.flag) !== 0;
  return {
    steps: planned.steps,
    lateSteps: planned.lateSteps,
    joins,
    into: planned.into,
    paths: planned.paths,
    unshareLate: wantsNamespace && joins.length > 0,
  };
}
