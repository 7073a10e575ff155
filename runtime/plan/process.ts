/** Identity and program of a process: the same sections serve create and exec (config.md#process). */
import { CAPABILITIES, capabilityMask } from "../linux/capabilities.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { RLIMITS } from "../linux/rlimits.ts";
import type { Process, Seccomp } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import type { Host } from "./host.ts";
import { type Labels, labelSteps } from "./labels.ts";
import { requireMappedUser } from "./mapped-ids.ts";
import type { NamespacePlan } from "./namespaces.ts";
import { containerPath } from "./paths.ts";
import { type ContainerPlacement, containerPlacementSteps, schedulingSteps } from "./placement.ts";
import type { PlanWarning } from "./plan.ts";
import { seccompSteps } from "./seccomp.ts";

export interface IdentityContext {
  readonly process: Process;
  readonly host: Pick<Host, "bounding" | "permitted" | "machine" | "apparmor" | "selinux" | "inUserNamespace">;
  readonly seccomp: Seccomp | undefined;
  readonly placement: ContainerPlacement;
  readonly labels: Labels;
  /** Whether startContainer hooks follow. */
  readonly hooks: boolean;
  readonly namespaces: Pick<NamespacePlan, "own" | "maps">;
  readonly warnings: PlanWarning[];
  /** Where the process object stands: `/process`, or "" for `exec --process`. */
  readonly pointer: string;
}

interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/** setIds.keepGroups: the groups that came with the process stay where setgroups is denied and none are wanted. */
const KEEP_IF_DENIED = 2;
const DEFAULT_UMASK = 0o022;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Capabilities that widen what a program file may be for its user. */
const FILE_ACCESS = capabilityMask(["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"]);

/**
 * Ids, capabilities and cwd, and apart from them the filter that is loaded last. The program is looked up with the user's own ids, but before they are taken when the user
 * keeps a capability that passes by file modes.
 */
export function identitySteps(context: IdentityContext): { readonly identity: Step[]; readonly filter: Step[] } {
  const { process, pointer, seccomp, hooks, warnings } = context;
  const noNewPrivileges = process.noNewPrivileges === true;
  requireMappedUser(process, context.namespaces.maps, pointer);
  const filters = seccompSteps({ seccomp, machine: context.host.machine, noNewPrivileges, hooks, warnings });
  const sets = capabilitySets(context);
  const { uid = 0, gid = 0, additionalGids = [] } = process.user ?? {};
  const user = `${pointer}/user`;
  const capabilities = `${pointer}/capabilities`;
  const find = findProgram(context);
  const early = uid !== 0 && (sets.ambient & FILE_ACCESS) !== 0n;
  const cwd = containerPath(process.cwd);
  const keepGroups = inUserNamespace(context) || context.host.inUserNamespace ? KEEP_IF_DENIED : 0;
  const ids: Step = { step: "setIds", by: "init", from: user, uid, gid, groups: additionalGids, keepGroups };
  const identity: Step[] = [
    ...(homeIsSet(process) ? [] : [{ step: "findHome", by: "init", from: user, uid } as const]),
    { step: "setCwd", by: "init", from: `${pointer}/cwd`, path: cwd, create: 0 },
    ...labelSteps(context.labels, context.host, noNewPrivileges),
    ...containerPlacementSteps(context.placement),
    ...rlimitSteps(context),
    ...schedulingSteps(process, pointer, hooks),
    { step: "setBounding", by: "init", from: capabilities, bounding: sets.bounding },
    ...(early ? find : []),
    ids,
    ...(early ? [] : find),
    ...filters.early,
    ...(noNewPrivileges
      ? [{ step: "setNoNewPrivileges", by: "init", from: `${pointer}/noNewPrivileges` } as const]
      : []),
    {
      step: "setCapabilities",
      by: "init",
      from: capabilities,
      effective: sets.effective,
      permitted: sets.permitted,
      inheritable: sets.inheritable,
      ambient: sets.ambient,
    },
    { step: "setUmask", by: "init", from: `${user}/umask`, mask: process.user?.umask ?? DEFAULT_UMASK },
  ];
  return { identity, filter: filters.late };
}

/**
 * After these init opens nothing more, so that a low RLIMIT_NOFILE does not hit its own work. It sets them while it is
 * still root; in a user namespace, where raising is not allowed, the parent does.
 */
function rlimitSteps(context: IdentityContext): Step[] {
  const { process, pointer } = context;
  const by = inUserNamespace(context) ? "parent" : "init";
  return (process.rlimits ?? []).map((limit, index) => ({
    step: "setRlimit",
    by,
    from: `${pointer}/rlimits/${index}`,
    resource: RLIMITS[limit.type as keyof typeof RLIMITS],
    soft: BigInt(limit.soft),
    hard: BigInt(limit.hard),
  }));
}

function inUserNamespace({ namespaces }: IdentityContext): boolean {
  return (namespaces.own & NAMESPACES.user.flag) !== 0;
}

/** The last step. */
export function programSteps({ process, pointer }: IdentityContext, preserve: number): Step[] {
  const env = environment(process);
  return [{ step: "exec", by: "init", from: `${pointer}/args`, args: process.args ?? [], env, preserve }];
}

function findProgram({ process, pointer }: IdentityContext): Step[] {
  const name = process.args?.[0] ?? "";
  const path = environment(process).findLast((entry) => entry.startsWith("PATH="));
  const search = (path === undefined ? DEFAULT_PATH : path.slice("PATH=".length)).split(":");
  return [{ step: "findProgram", by: "init", from: `${pointer}/args/0`, name, search }];
}

/** The environment as the program gets it: of a name given twice the last value counts, an empty HOME is none. */
function environment({ env }: Process): readonly string[] {
  const entries = (env ?? []).filter((entry) => entry !== "HOME=");
  const last = new Map(entries.map((entry, index) => [entry.slice(0, Math.max(0, entry.indexOf("="))), index]));
  return last.size === entries.length
    ? entries
    : entries.filter((entry, index) => last.get(entry.slice(0, Math.max(0, entry.indexOf("=")))) === index);
}

function homeIsSet(process: Process): boolean {
  return environment(process).some((entry) => entry.startsWith("HOME="));
}

/** Named capabilities as bit sets, without what this host can't grant (a warning each: config.md#linux-process). */
function capabilitySets(context: IdentityContext): CapabilitySets {
  const { process, host, pointer, warnings } = context;
  const grantable = inUserNamespace(context) ? ~0n : host.bounding & host.permitted;
  const bits = (kind: keyof CapabilitySets): bigint =>
    (process.capabilities?.[kind] ?? []).reduce((set, name, index) => {
      const number = CAPABILITIES[name];
      if (number === undefined) return set;
      const bit = 1n << BigInt(number);
      if ((grantable & bit) !== 0n) return set | bit;
      warnings.push({
        message: `capability ${name} can't be granted here and is left out`,
        pointer: `${pointer}/capabilities/${kind}/${index}`,
      });
      return set;
    }, 0n);
  const permitted = bits("permitted");
  const inheritable = bits("inheritable");
  return {
    bounding: bits("bounding"),
    effective: bits("effective") & permitted,
    permitted,
    inheritable,
    ambient: bits("ambient") & permitted & inheritable,
  };
}
