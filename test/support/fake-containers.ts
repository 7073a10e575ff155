/** The container API, answered from memory: what a verb asked for, in order. Import before anything of runtime/. */
import { jest } from "@jest/globals";
import type { ContainerState, Context, ListEntry, RunningProcess } from "../../runtime/container/options.ts";
import type { Step } from "../../runtime/plan/generated/step.ts";

/** Calls as `name` and what was given, without the context. */
export const calls: unknown[][] = [];

/** What the fakes answer; a test changes it and `resetContainers` puts it back. */
export const answers: {
  fail: Record<string, unknown>;
  exit: () => Promise<number>;
  states: ListEntry[];
  steps: Step[];
  pids: number[];
  onCall: (name: string, context: Context) => void;
} = { fail: {}, exit: async () => 0, states: [], steps: [], pids: [], onCall: () => undefined };

export function resetContainers(): void {
  calls.length = 0;
  Object.assign(answers, { fail: {}, exit: async () => 0, states: [], steps: [], pids: [], onCall: () => undefined });
}

export const STATE: ContainerState = {
  ociVersion: "1.3.0",
  id: "c1",
  pid: 17184,
  status: "running",
  bundle: "/tmp/b",
  rootfs: "/tmp/b/rootfs",
  created: "2026-11-21T01:20:36.872757731Z",
  owner: "root",
};

function called(name: string, context: Context, ...given: unknown[]): void {
  calls.push([name, ...given]);
  answers.onCall(name, context);
  if (name in answers.fail) throw answers.fail[name];
}

const running: RunningProcess = {
  terminal: undefined,
  hangUp: () => undefined,
  pid: 42,
  wait: () => answers.exit(),
  signal: (signal) => void calls.push(["signal", signal]),
  close: () => void calls.push(["close"]),
};

const MODULES: Readonly<Record<string, object>> = {
  create: {
    createContainer: async (context: Context, options: { id: string }) => {
      called("create", context, options);
      return { id: options.id, pid: running.pid, process: running };
    },
  },
  start: { startContainer: async (context: Context, id: string) => called("start", context, id) },
  kill: {
    killContainer: async (context: Context, ...given: unknown[]) => called("kill", context, ...given),
  },
  delete: {
    deleteContainer: async (context: Context, ...given: unknown[]) => called("delete", context, ...given),
  },
  exec: {
    execInContainer: async (context: Context, options: unknown) => {
      called("exec", context, options);
      return running;
    },
  },
  query: {
    containerState: (context: Context, id: string) => {
      called("state", context, id);
      return STATE;
    },
    listContainers: (context: Context) => {
      called("list", context);
      return answers.states;
    },
  },
  pause: {
    pauseContainer: async (context: Context, id: string) => called("pause", context, id),
    resumeContainer: async (context: Context, id: string) => called("resume", context, id),
  },
  processes: {
    containerProcesses: (context: Context, id: string) => {
      called("processes", context, id);
      return answers.pids;
    },
  },
  select: {
    matchingContainers: (context: Context, pattern: string) => {
      called("matching", context, pattern);
      return ["m1", "m2"];
    },
    stoppedContainers: (context: Context) => {
      called("stopped", context);
      return ["s1", "s2"];
    },
  },
  wait: {
    keepExitStatus: (context: Context, id: string, status: number) => called("keep", context, id, status),
    waitContainer: async (context: Context, id: string) => {
      called("wait", context, id);
      return { exitStatus: 137, signal: 9, oomKilled: true };
    },
  },
  planned: {
    plannedSteps: (context: Context, options: unknown) => {
      called("plan", context, options);
      return answers.steps;
    },
  },
};

for (const [name, exports] of Object.entries(MODULES)) {
  jest.unstable_mockModule(`../../runtime/container/${name}.js`, () => exports);
}
