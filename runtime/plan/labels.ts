/** Labels of the security modules: AppArmor profile, SELinux labels of process, session keyring and mounts. */
import { RuntimeError } from "../errors.ts";
import type { Linux, Process } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import type { Host } from "./host.ts";

/** What of the host the labels depend on. */
export type LabelHost = Pick<Host, "apparmor" | "selinux">;

/** Where the labels of a process come from: it may have them from the container's own process instead. */
export interface Labels {
  readonly apparmorProfile: string;
  readonly selinuxLabel: string;
  /** Pointers of the two, for errors. */
  readonly apparmorFrom: string;
  readonly selinuxFrom: string;
}

/** The labels of a process; those it lacks are `inherited` ones (exec without labels is no way out of them). */
export function labelsOf(process: Process, pointer: string, inherited?: Labels): Labels {
  const { apparmorProfile = "", selinuxLabel = "" } = process;
  const ownProfile = apparmorProfile !== "" || inherited === undefined;
  const ownLabel = selinuxLabel !== "" || inherited === undefined;
  return {
    apparmorProfile: ownProfile ? apparmorProfile : inherited.apparmorProfile,
    apparmorFrom: ownProfile ? `${pointer}/apparmorProfile` : inherited.apparmorFrom,
    selinuxLabel: ownLabel ? selinuxLabel : inherited.selinuxLabel,
    selinuxFrom: ownLabel ? `${pointer}/selinuxLabel` : inherited.selinuxFrom,
  };
}

/** Whether the steps below write to procfs, which must be taken while paths still lead to the host's. */
export function needsProc(labels: Labels): boolean {
  return labels.apparmorProfile !== "" || labels.selinuxLabel !== "";
}

/**
 * The labels that the execve of the program takes on. Throws E_HOST_UNSUPPORTED where the module is not enabled: a
 * container without its confinement is not what was asked for. "unconfined" asks for none.
 */
export function labelSteps(labels: Labels, host: LabelHost, noNewPrivileges: boolean): Step[] {
  return [...apparmorSteps(labels, host, noNewPrivileges), ...selinuxSteps(labels, host)];
}

function apparmorSteps(labels: Labels, { apparmor }: LabelHost, noNewPrivileges: boolean): Step[] {
  const { apparmorProfile: profile, apparmorFrom: from } = labels;
  if (profile === "" || (apparmor === "off" && profile === "unconfined")) return [];
  if (apparmor === "off") {
    throw new RuntimeError("E_HOST_UNSUPPORTED", `apparmor profile ${profile}: AppArmor is not enabled on this host`, {
      pointer: from,
      specRef: "config.md#linux-process",
    });
  }
  // Whoever is confined already may, under no_new_privs, only add to that.
  const verb = noNewPrivileges && apparmor === "confined" ? "stack" : "exec";
  const value = `${verb} ${profile}`;
  return [{ step: "writeAttribute", by: "init", from, attribute: "apparmor/exec", otherwise: "exec", value }];
}

function selinuxSteps({ selinuxLabel: value, selinuxFrom: from }: Labels, host: LabelHost): Step[] {
  if (value === "") return [];
  requireSelinux(host, from, value);
  return [{ step: "writeAttribute", by: "init", from, attribute: "exec", otherwise: "", value }];
}

function requireSelinux({ selinux }: LabelHost, pointer: string, label: string): void {
  if (selinux) return;
  const text = `selinux label ${label}: SELinux is not enabled on this host`;
  throw new RuntimeError("E_HOST_UNSUPPORTED", text, { pointer });
}

/** Filesystems whose labels are the policy's own: a context option is refused, or would be wrong for other containers. */
const OWN_LABELS = new Set(["proc", "sysfs", "cgroup", "cgroup2", "mqueue"]);

/** linux.mountLabel on the steps of the mounts: as context of every new filesystem that takes one. */
export function labelMounts(steps: readonly Step[], { mountLabel = "" }: Linux, host: LabelHost): readonly Step[] {
  if (mountLabel === "") return steps;
  requireSelinux(host, "/linux/mountLabel", mountLabel);
  return steps.flatMap((step): Step[] => {
    if (step.step !== "mount") return [step];
    if (step.type === "mqueue") return [step, { ...LABEL_FILE, path: step.target, label: mountLabel }];
    if (OWN_LABELS.has(step.type) || step.options.some((option) => option.startsWith("context="))) return [step];
    // mount(2) parts its options at commas, which labels hold; fsconfig(2) takes one at a time.
    const data = [...(step.data === "" ? [] : [step.data]), `context="${mountLabel}"`].join(",");
    return [{ ...step, options: [...step.options, `context=${mountLabel}`], data }];
  });
}

const LABEL_FILE = { step: "labelFile", by: "init", from: "/linux/mountLabel" } as const;
