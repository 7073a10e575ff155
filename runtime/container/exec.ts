/** The story of exec: complete the process from the container's own, plan, walk. */
import { joinsOf } from "../cgroups/plan.ts";
import type { CgroupPaths } from "../cgroups/types.ts";
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { walkPlan } from "../launch/launch.ts";
import { ENOENT } from "../linux/errno.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { type ExecTarget, planExec } from "../plan/exec-plan.ts";
import { labelsOf } from "../plan/labels.ts";
import type { Plan } from "../plan/plan.ts";
import type { Capabilities, Process, User } from "../spec/generated/types.ts";
import { parseSpec } from "../spec/load.ts";
import { requireSupported } from "../spec/supported.ts";
import { requireValidProcess } from "../spec/validate.ts";
import type { Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import { Console, consolePlace, requireConsole } from "./console.ts";
import { execCgroups } from "./exec-cgroups.ts";
import { execHands } from "./hands.ts";
import { userMapsOf } from "./namespaces.ts";
import type { Context, ExecOptions, RunningProcess } from "./options.ts";
import { writePidFile } from "./pid-file.ts";
import { withPidfdSocket } from "./pidfd-socket.ts";
import { inUserNamespace, ownCapabilities } from "./probe.ts";
import { processHandle } from "./process-handle.ts";
import { probeLabels } from "./security.ts";
import { keptFds, withListenFds } from "./service.ts";
import { statusOf } from "./view.ts";

const SIGKILL = 9;
/** Statuses in which a container can take one more process. */
const JOINABLE = new Set(["created", "running"]);

/**
 * Runs one more program in a container; resolves when it has been executed. Throws E_STATE_WRONG unless the container
 * is created or running (or, with `ignorePaused`, paused).
 */
export async function execInContainer(context: Context, options: ExecOptions): Promise<RunningProcess> {
  const store = new ContainerStore(context.root, options.id);
  const record = store.require();
  const status = statusOf(store, record);
  if (!JOINABLE.has(status) && !(options.ignorePaused && status === "paused")) {
    const reason = status === "stopped" ? "container not running" : `container is ${status}`;
    throw new RuntimeError("E_STATE_WRONG", `cannot exec in container ${options.id}: ${reason}`);
  }
  const { spec } = parseSpec(store.readConfig());
  const { process, pointer } = completeProcess(context, spec.process, options);
  const terminal = process.terminal === true;
  requireConsole(terminal, options.console, `${pointer}/terminal`);
  const { machine } = port().uname();
  const inherited = labelsOf(spec.process ?? process, "/process");
  const labels = labelsOf(process, pointer, inherited);
  const host = { ...ownCapabilities(), machine, ...probeLabels(labels), inUserNamespace: inUserNamespace() };
  const cgroups = execCgroups(record, options.cgroups ?? new Map());
  const plan = planExec(withListenFds(process, options.listenFds), target(record, cgroups), host, {
    preserveFds: keptFds(options),
    pointer,
    linux: spec.linux ?? {},
    inherited,
    console: consolePlace(options.console),
  });
  for (const warning of plan.warnings) context.onWarning(warning.message, warning.pointer);
  return await withPidfdSocket(options.pidfdSocket, (announce) =>
    walk(context, store, plan, { ...options, terminal }, announce),
  );
}

async function walk(
  context: Context,
  { folder }: ContainerStore,
  plan: Plan,
  options: ExecOptions,
  announce: (pidfd: number) => void,
): Promise<RunningProcess> {
  const console = new Console(options.terminal === true, options.console);
  try {
    const { pid, pidfd } = await walkPlan(plan, execHands(context), { folder, console: console.lent });
    const process = processHandle(pid, pidfd, console.receive());
    await orKilled(process, () => {
      announce(pidfd);
      if (options.pidFile !== undefined) writePidFile(options.pidFile, pid);
    });
    return process;
  } finally {
    console.close();
  }
}

/** A program of which the caller can't be told as it wanted must not go on without it. */
async function orKilled(process: RunningProcess, tell: () => void): Promise<void> {
  try {
    tell();
  } catch (error) {
    process.signal(SIGKILL);
    await process.wait();
    process.close();
    throw error;
  }
}

/** The process object of `--process`, or the container's own with the command line's changes. */
function completeProcess(
  context: Context,
  own: Process | undefined,
  options: ExecOptions,
): { process: Process; pointer: string } {
  if (options.process !== undefined) {
    const { process } = options;
    for (const warning of requireValidProcess(process)) context.onWarning(warning.message, warning.pointer);
    requireSupported({ process });
    const execCPUAffinity = process.execCPUAffinity ?? own?.execCPUAffinity;
    return { process: { ...process, ...(execCPUAffinity === undefined ? {} : { execCPUAffinity }) }, pointer: "" };
  }
  if (own === undefined) throw new RuntimeError("E_STATE_WRONG", `container ${options.id} has no process to go by`);
  if (options.args === undefined || options.args.length === 0) {
    throw new RuntimeError("E_USAGE", "exec needs a command, or --process with a file");
  }
  const process: Process = {
    ...own,
    args: [...options.args],
    cwd: options.cwd ?? own.cwd,
    env: [...(own.env ?? []), ...(options.env ?? [])],
    user: userOf(own, options),
    terminal: options.terminal ?? false,
    apparmorProfile: options.apparmorProfile ?? own.apparmorProfile ?? "",
    selinuxLabel: options.selinuxLabel ?? own.selinuxLabel ?? "",
    noNewPrivileges: options.noNewPrivileges ?? own.noNewPrivileges ?? false,
    ...(options.capabilities === undefined
      ? {}
      : { capabilities: withCapabilities(own.capabilities, options.capabilities) }),
  };
  requireValidProcess(process);
  return { process, pointer: "/process" };
}

/** What a config without process.user means. */
const NOBODY_GIVEN: User = { uid: 0, gid: 0 };

function userOf({ user: own = NOBODY_GIVEN }: Process, { user, additionalGids }: ExecOptions): User {
  const { uid = 0, gid = 0, ...rest } = own;
  const ids = user === undefined ? { uid, gid } : { uid: user.uid, gid: user.gid ?? gid };
  if (additionalGids === undefined) return { ...rest, ...ids };
  return { ...rest, ...ids, additionalGids: [...(own.additionalGids ?? []), ...additionalGids] };
}

/** `--cap` adds to bounding, effective and permitted, never to inheritable or ambient (CVE-2022-29162). */
function withCapabilities(own: Capabilities | undefined, added: readonly string[]): Capabilities {
  const join = (set: string[] | undefined) => [...new Set([...(set ?? []), ...added])];
  return {
    ...own,
    bounding: join(own?.bounding),
    effective: join(own?.effective),
    permitted: join(own?.permitted),
  };
}

function target({ id, pid, ownKeyring, resctrl }: Record, cgroups: CgroupPaths): ExecTarget {
  const { joins, into } = joinsOf(cgroups);
  const namespaces = differingNamespaces(pid);
  return {
    id,
    pid,
    namespaces,
    maps: (namespaces & NAMESPACES.user.flag) === 0 ? undefined : userMapsOf(pid),
    cgroupJoins: joins.map(({ path }) => path),
    cgroupInto: into,
    ownKeyring,
    resctrlTasks: resctrl?.tasks,
  };
}

/** CLONE_NEW* bits of the namespaces in which a process differs from this one. */
function differingNamespaces(pid: number): number {
  return Object.values(NAMESPACES).reduce((flags, { flag, proc }) => {
    const theirs = namespaceLink(`/proc/${pid}/ns/${proc}`);
    return theirs === "" || theirs === namespaceLink(`/proc/self/ns/${proc}`) ? flags : flags | flag;
  }, 0);
}

/** "" for a kind of namespace that the kernel does not have. */
function namespaceLink(path: string): string {
  try {
    return port().readlink(path);
  } catch (error) {
    if (isSystemError(error, ENOENT)) return "";
    throw error;
  }
}
