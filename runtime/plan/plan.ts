/**
 * The plan of create and run: config.json and the host as data in, an ordered list of steps out.
 * Pure: no files, no clock, no core. The order of the sections below is the order in which things happen.
 */
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Spec } from "../spec/generated/types.ts";
import { escapeKey } from "../spec/pointer.ts";
import { type CgroupSection, cgroupSection } from "./cgroup-steps.ts";
import type { ConsolePlace } from "./console.ts";
import { deviceSteps } from "./devices.ts";
import type { Step } from "./generated/step.ts";
import { hookSteps } from "./hooks.ts";
import type { Host } from "./host.ts";
import { requireOwnNamespaces } from "./host-namespaces.ts";
import { type Labels, labelMounts, labelsOf, needsProc } from "./labels.ts";
import { warnOfOtherMaps, workingIds } from "./mapped-ids.ts";
import { mountSteps } from "./mounts.ts";
import { type NamespacePlan, planNamespaces } from "./namespaces.ts";
import { type IdentityContext, identitySteps, programSteps } from "./process.ts";
import { type ResctrlSection, resctrlSection } from "./resctrl.ts";
import { afterPivotSteps, beforeMountSteps, pivotSteps } from "./rootfs.ts";
import { type FdSource, Slots } from "./slots.ts";

/** What the caller of create adds to the config. */
export interface PlanOptions {
  readonly id: string;
  /** Absolute. */
  readonly bundle: string;
  /** Absolute, as root.path says. */
  readonly rootfs: string;
  readonly noPivot: boolean;
  /** A session keyring of the container's own. */
  readonly newKeyring: boolean;
  readonly preserveFds: number;
  /** Where the terminal goes, if the process has one; to the caller when not given. */
  readonly console?: ConsolePlace | undefined;
}

export interface PlanWarning {
  readonly message: string;
  readonly pointer: string;
}

/** Everything that will happen, and what must be opened for it. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Slot N of the wire is fds[N]. */
  readonly fds: readonly FdSource[];
  readonly preserveFds: number;
  /** Controller (or `unified`) to absolute directory. */
  readonly cgroupPaths: Readonly<Record<string, string>>;
  readonly warnings: readonly PlanWarning[];
}

/** What every section of the plan sees. */
export interface PlanContext {
  readonly spec: Spec;
  readonly host: Host;
  readonly options: PlanOptions;
  readonly slots: Slots;
  readonly namespaces: NamespacePlan;
  readonly warnings: PlanWarning[];
}

/** The plan of `create`. Throws RuntimeError where the config can't be applied on this host. */
export function planCreate(spec: Spec, host: Host, options: PlanOptions): Plan {
  const warnings: PlanWarning[] = [];
  const slots = new Slots();
  const namespaces = planNamespaces(spec, host);
  const context: PlanContext = { spec, host, options, slots, namespaces, warnings };
  requireOwnNamespaces(spec, namespaces);
  warnings.push(...warnOfOtherMaps(spec, namespaces.userPath, namespaces.maps));
  const cgroups = cgroupSection(context);
  const resctrl = resctrlSection(spec.linux?.intelRdt, host.resctrl, options.id);
  const steps: Step[] = [
    { step: "saveState", by: "parent", from: "", status: "creating" },
    ...cgroups.steps,
    ...resctrl.steps,
    ...birth(context, cgroups, resctrl),
    ...cgroups.joins,
    ...cgroups.lateSteps,
    ...enterSteps(context, cgroups),
    ...beforeMountSteps(context),
    ...labelMounts(mountSteps(context, cgroups.paths), spec.linux ?? {}, host),
    ...deviceSteps(context),
    ...hookSteps(context, "prestart"),
    ...hookSteps(context, "createRuntime"),
    ...hookSteps(context, "createContainer"),
    ...pivotSteps(context),
    ...afterPivotSteps(context),
    ...programSection(context),
  ];
  return { steps, fds: slots.sources, preserveFds: options.preserveFds, cgroupPaths: cgroups.paths, warnings };
}

/** From the clone to the moment at which the record knows init. */
function birth({ namespaces, slots, spec }: PlanContext, cgroups: CgroupSection, resctrl: ResctrlSection): Step[] {
  const oom = spec.process?.oomScoreAdj;
  const known: Step[] = [
    { step: "saveState", by: "parent", from: "", status: "creating" },
    ...namespaces.idMaps,
    ...resctrl.joins,
    ...netDeviceSteps(spec),
    ...(oom === undefined
      ? []
      : [{ step: "setOomScoreAdj", by: "parent", from: "/process/oomScoreAdj", value: oom } as const]),
  ];
  const from = "/linux/namespaces";
  const cloneFlags = namespaces.cloned & ~(cgroups.unshareLate ? NAMESPACES.cgroup.flag : 0);
  const labelled = needsProc(processLabels(spec));
  if (!namespaces.needsLauncher) {
    const proc: Step[] = labelled ? [{ step: "openProc", by: "init", from: "/process" }] : [];
    return [
      { step: "clone", by: "parent", from, namespaces: cloneFlags, cgroup: cgroups.into, launcher: 0 },
      ...known,
      ...proc,
    ];
  }
  const cgroupSlot =
    cgroups.into === "" ? -1 : slots.add({ kind: "directory", path: cgroups.into, from: "/linux/cgroupsPath" });
  return [
    { step: "clone", by: "parent", from, namespaces: 0, cgroup: "", launcher: 1 },
    ...(labelled ? [{ step: "openProc", by: "launcher", from: "/process" } as const] : []),
    ...namespaces.joins(slots),
    { step: "cloneInit", by: "launcher", from, namespaces: cloneFlags, cgroupSlot },
    ...known,
  ];
}

/** Before the hooks of createRuntime, which may configure what has been moved. */
function netDeviceSteps({ linux }: Spec): Step[] {
  return Object.entries(linux?.netDevices ?? {}).map(([device, { name }]): Step => {
    const from = `/linux/netDevices/${escapeKey(device)}`;
    return { step: "moveNetDevice", by: "parent", from, device, name: name || device };
  });
}

function enterSteps({ namespaces, options, spec }: PlanContext, cgroups: CgroupSection): Step[] {
  const from = "/linux/namespaces";
  const label = processLabels(spec).selinuxLabel;
  return [
    ...(namespaces.hasUser
      ? [{ step: "becomeRoot", by: "init", from, ...workingIds(namespaces.maps, spec.process) } as const]
      : []),
    ...(cgroups.unshareLate
      ? [{ step: "unshareNamespace", by: "init", from, flags: NAMESPACES.cgroup.flag } as const]
      : []),
    { step: "newSession", by: "init", from: "" },
    ...keyringSteps(options.id, options.newKeyring, label),
  ];
}

function processLabels({ process }: Spec): Labels {
  return labelsOf(process ?? { cwd: "/" }, "/process");
}

/** The session keyring of a container: without it the program would see the caller's keys. */
export function keyringSteps(id: string, wanted: boolean, label: string): Step[] {
  return wanted ? [{ step: "joinKeyring", by: "init", from: "", name: `_ses.${id}`, label }] : [];
}

/** The user's program: identity at create, the wait for `start`, and its execve. */
function programSection(context: PlanContext): Step[] {
  const { spec, slots, options } = context;
  const process = spec.process;
  const created: Step = { step: "saveState", by: "parent", from: "", status: "created" };
  const awaitStart: Step = {
    step: "awaitStart",
    by: "init",
    from: "/process",
    execFifo: slots.add({ kind: "fifo", name: "exec.fifo" }),
    reportFifo: slots.add({ kind: "fifo", name: "report.fifo" }),
  };
  if (process === undefined) return [created, awaitStart, idle()];
  const identity: IdentityContext = {
    process,
    host: context.host,
    namespaces: context.namespaces,
    warnings: context.warnings,
    pointer: "/process",
    seccomp: spec.linux?.seccomp,
    placement: spec.linux ?? {},
    labels: processLabels(spec),
    hooks: (context.spec.hooks?.startContainer?.length ?? 0) > 0,
  };
  const { identity: steps, filter } = identitySteps(identity);
  return [
    ...steps,
    created,
    awaitStart,
    ...filter,
    ...hookSteps(context, "startContainer"),
    ...programSteps(identity, options.preserveFds),
  ];
}

/** A config without process can be created but never started (runtime.md#start): there is nothing to execute. */
function idle(): Step {
  return { step: "exec", by: "init", from: "/process", args: [], env: [], preserve: 0 };
}
