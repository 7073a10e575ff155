/** The story of exec: complete the process from the container's own, plan, walk. */
import { probeCgroups } from "../cgroups/layout.ts";
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { walkPlan } from "../launch/launch.ts";
import { ENOENT } from "../linux/errno.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { type ExecTarget, planExec } from "../plan/exec-plan.ts";
import type { Capabilities, Process, User } from "../spec/generated/types.ts";
import { parseSpec } from "../spec/load.ts";
import { requireSupported } from "../spec/supported.ts";
import { requireValidProcess } from "../spec/validate.ts";
import type { Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import { Console, consolePlace, requireConsole } from "./console.ts";
import { execHands } from "./hands.ts";
import type { Context, ExecOptions, RunningProcess } from "./options.ts";
import { writePidFile } from "./pid-file.ts";
import { ownCapabilities } from "./probe.ts";
import { processHandle } from "./process-handle.ts";
import { statusOf } from "./view.ts";

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
  const host = { ...ownCapabilities(), machine, cgroups: probeCgroups(), namespaceFiles: {}, hasKernelCore: false };
  const seccomp = spec.linux?.seccomp;
  const plan = planExec(process, target(record), host, {
    preserveFds: options.preserveFds ?? 0,
    pointer,
    seccomp,
    console: consolePlace(options.console),
  });
  for (const warning of plan.warnings) context.onWarning(warning.message, warning.pointer);
  const console = new Console(terminal, options.console);
  try {
    const init = await walkPlan(plan, execHands(context), { folder: store.folder, console: console.lent });
    if (options.pidFile !== undefined) writePidFile(options.pidFile, init.pid);
    return processHandle(init.pid, init.pidfd, console.receive());
  } finally {
    console.close();
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
    return { process, pointer: "" };
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

function target({ id, pid, cgroupPaths, ownKeyring }: Record): ExecTarget {
  const { unified, ...v1 } = cgroupPaths;
  return {
    id,
    pid,
    namespaces: differingNamespaces(pid),
    cgroupJoins: [...new Set(Object.values(v1))].map((path) => `${path}/tasks`),
    cgroupInto: unified ?? "",
    ownKeyring,
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
