/** The plan of `exec`: the same walker, a shorter road. The launcher enters the container, init becomes the program. */
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Linux, Process } from "../spec/generated/types.ts";
import { type ConsolePlace, execConsoleSteps } from "./console.ts";
import type { Step } from "./generated/step.ts";
import type { UserMaps } from "./host.ts";
import { type Labels, labelsOf, needsProc } from "./labels.ts";
import { workingIds } from "./mapped-ids.ts";
import { affinitySteps } from "./placement.ts";
import { keyringSteps, type Plan, type PlanWarning } from "./plan.ts";
import { type IdentityContext, identitySteps, programSteps } from "./process.ts";
import { joinSteps } from "./resctrl.ts";
import { Slots } from "./slots.ts";

/** What exec needs to know of the running container. */
export interface ExecTarget {
  readonly id: string;
  readonly pid: number;
  /** CLONE_NEW* bits in which the container differs from the caller. */
  readonly namespaces: number;
  /** The maps of its user namespace, where that is not the caller's. */
  readonly maps?: UserMaps | undefined;
  /** v1 `tasks` files to join, and the v2 directory to be cloned into ("" for none). */
  readonly cgroupJoins: readonly string[];
  readonly cgroupInto: string;
  /** Whether the container has a session keyring of its own. */
  readonly ownKeyring: boolean;
  /** Files of resctrl that take its pid. */
  readonly resctrlTasks?: readonly string[] | undefined;
}

export interface ExecPlanOptions {
  readonly preserveFds: number;
  /** Where the process object stands in its file: `/process` of the config, or "" in `exec --process`. */
  readonly pointer: string;
  /** The container's own section, of which filter, personality and memory policy hold for every process in it. */
  readonly linux: Linux;
  /** The labels of the container's own process. */
  readonly inherited?: Labels | undefined;
  /** Where the terminal goes, if the process has one; to the caller when not given. */
  readonly console?: ConsolePlace | undefined;
}

/** The plan of one exec. `process` is complete: defaults of the container's own process are already in it. */
export function planExec(
  process: Process,
  target: ExecTarget,
  host: IdentityContext["host"],
  options: ExecPlanOptions,
): Plan {
  const slots = new Slots();
  const warnings: PlanWarning[] = [];
  const own = target.namespaces;
  const from = "/linux/namespaces";
  const cgroups = "/linux/cgroupsPath";
  const labels = labelsOf(process, options.pointer, options.inherited);
  const identity: IdentityContext = {
    process,
    host,
    namespaces: { own, maps: target.maps },
    warnings,
    pointer: options.pointer,
    seccomp: options.linux.seccomp,
    placement: options.linux,
    labels,
    hooks: false,
  };
  const { identity: taking, filter } = identitySteps(identity);
  const cgroupSlot =
    target.cgroupInto === "" ? -1 : slots.add({ kind: "directory", path: target.cgroupInto, from: cgroups });
  const steps: Step[] = [
    { step: "clone", by: "parent", from, namespaces: 0, cgroup: "", launcher: 1 },
    ...(needsProc(labels) ? [{ step: "openProc", by: "launcher", from: labels.apparmorFrom } as const] : []),
    ...affinitySteps(process, options.pointer, "initial"),
    ...joinAll(target, slots, from),
    { step: "cloneInit", by: "launcher", from, namespaces: 0, cgroupSlot },
    ...oomSteps(process, options.pointer),
    ...joinSteps(target.resctrlTasks ?? []),
    ...target.cgroupJoins.map((path): Step => {
      const slot = slots.add({ kind: "cgroup", path, from: cgroups });
      return { step: "joinCgroup", by: "init", from: cgroups, slot, path };
    }),
    ...affinitySteps(process, options.pointer, "final"),
    ...((own & NAMESPACES.user.flag) !== 0
      ? [{ step: "becomeRoot", by: "init", from, ...workingIds(target.maps, process) } as const]
      : []),
    { step: "newSession", by: "init", from: "" },
    ...keyringSteps(target.id, target.ownKeyring, labels.selinuxLabel),
    ...execConsoleSteps(process, options.pointer, slots, options.console),
    ...taking,
    ...filter,
    ...programSteps(identity, options.preserveFds),
  ];
  return { steps, fds: slots.sources, preserveFds: options.preserveFds, cgroupPaths: {}, warnings };
}

/** One setns on the pidfd enters all namespaces at once, in the kernel's own safe order (5.8). */
function joinAll(target: ExecTarget, slots: Slots, from: string): Step[] {
  const all = Object.values(NAMESPACES).reduce((flags, { flag }) => flags | flag, 0);
  const flags = target.namespaces & all;
  if (flags === 0) return [];
  const slot = slots.add({ kind: "pidfd", pid: target.pid });
  return [{ step: "joinNamespace", by: "launcher", from, slot, flags, path: `of process ${target.pid}` }];
}

function oomSteps({ oomScoreAdj }: Process, pointer: string): Step[] {
  if (oomScoreAdj === undefined) return [];
  return [{ step: "setOomScoreAdj", by: "parent", from: `${pointer}/oomScoreAdj`, value: oomScoreAdj }];
}
