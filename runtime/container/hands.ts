/** The parent's steps of create and exec, one function per step: a table from step name to what is done. */
import { makeCgroup, writeCgroup } from "../cgroups/execute.ts";
import { RuntimeError } from "../errors.ts";
import { runHook } from "../hooks/run.ts";
import { isSystemError, port } from "../host/port.ts";
import type { Init, ParentHands } from "../launch/launch.ts";
import { reasonOf } from "../launch/reasons.ts";
import { errnoName, errnoText } from "../linux/errno.ts";
import { O_WRONLY } from "../linux/flags.ts";
import { encodeScheduler, ioPriority } from "../linux/scheduling.ts";
import { DeviceMover } from "../network/mover.ts";
import { describe } from "../plan/describe.ts";
import type { ParentStep } from "../plan/generated/step.ts";
import { joinResctrl, makeResctrl } from "../resctrl/groups.ts";
import { processStat } from "../state/process.ts";
import type { Record, RecordStatus } from "../state/record.ts";
import type { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { stateJson } from "./view.ts";

type Taker<Name extends ParentStep["step"]> = (
  step: Extract<ParentStep, { step: Name }>,
  init: Init,
) => void | Promise<void>;
type Takers = { readonly [Name in ParentStep["step"]]?: Taker<Name> };

/** Steps that both create and exec have. */
const COMMON: Takers = {
  setOomScoreAdj: ({ value }, { pid }) => port().writeFile(`/proc/${pid}/oom_score_adj`, `${value}`, O_WRONLY),
  joinResctrl: (step, { pid }) => joinResctrl(step, pid),
  setScheduler: (attributes, { pid }) => port().setScheduler(pid, encodeScheduler(attributes)),
  // init leads a session and so a process group.
  setIoPriority: ({ ioClass, priority }, { pid }) => port().setIoPriority(pid, ioPriority(ioClass, priority)),
  setRlimit: ({ resource, soft, hard }, { pid }) => port().prlimit(pid, resource, soft, hard),
  writeIdMaps: ({ uidMap, gidMap, setgroups }, { pid }) => {
    port().writeFile(`/proc/${pid}/uid_map`, uidMap, O_WRONLY);
    if (setgroups !== "allow") port().writeFile(`/proc/${pid}/setgroups`, setgroups, O_WRONLY);
    port().writeFile(`/proc/${pid}/gid_map`, gidMap, O_WRONLY);
  },
};

/** The hands of exec. */
export function execHands(context: Context): ParentHands {
  return hands(context, COMMON, () => "");
}

/** What create does besides the plan's steps. */
export interface CreateHands extends ParentHands {
  /** Gives back what a create that failed has taken from the host and that would not come back by itself. */
  giveBack(): void;
  close(): void;
}

/** The hands of create: they keep the record, make cgroups, move network devices and run hooks. */
export function createHands(context: Context, store: ContainerStore, initial: Record): CreateHands {
  let record = initial;
  const network = new DeviceMover();
  const takers: Takers = {
    ...COMMON,
    saveState: ({ status }, init: Init | undefined) => {
      const startTime = init === undefined ? "" : (processStat(init.pid)?.startTime ?? "");
      record = { ...record, status: status as RecordStatus, pid: init?.pid ?? 0, startTime };
      store.save(record);
    },
    makeCgroup: (step) => void makeCgroup(step),
    writeCgroup: (step) => writeCgroup(step, context.onWarning),
    attachDevices: ({ path, program }) => {
      const cgroup = port().openDirectory(path);
      try {
        port().attachDevices(cgroup, program);
      } finally {
        port().close(cgroup);
      }
    },
    makeResctrl,
    moveNetDevice: ({ device, name, from }, { pid }) => network.move(pid, device, name, from),
    runHook: ({ kind, path, args, env, timeout, from }, init) =>
      runHook({
        kind,
        path,
        args,
        env,
        timeout,
        pointer: from,
        cwd: record.bundle,
        state: stateJson(record, "creating", init.pid),
        container: init.channel,
      }),
  };
  return {
    ...hands(context, takers, (status, init) => stateJson(record, status, init.pid)),
    giveBack: () => network.giveBack((message) => context.onWarning(message, "/linux/netDevices")),
    close: () => network.close(),
  };
}

function hands(context: Context, takers: Takers, stateText: ParentHands["stateText"]): ParentHands {
  return {
    walk: (step, init) => {
      const take = takers[step.step] as
        | ((step: ParentStep, init: Init | undefined) => void | Promise<void>)
        | undefined;
      if (take === undefined) throw new RuntimeError("E_INTERNAL", `nobody takes step ${step.step}`);
      try {
        return take(step, init);
      } catch (error) {
        throw withStep(error, step);
      }
    },
    stateText,
    onWarning: context.onWarning,
    onStep: context.onStep,
  };
}

/** A bare system call's error becomes the step's. */
function withStep(error: unknown, step: ParentStep): unknown {
  if (!isSystemError(error)) return error;
  const reason = reasonOf(step.step, error.errno);
  const text = `${describe(step)}: ${errnoText(error.errno)}${reason && `: ${reason}`}`;
  return new RuntimeError("E_PROCESS", text, {
    pointer: step.from,
    phase: step.step,
    syscall: error.syscall,
    errno: errnoName(error.errno),
    cause: error,
  });
}
