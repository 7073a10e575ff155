import { beforeEach, describe, expect, test } from "@jest/globals";
import { type ParentHands, walkPlan } from "../../runtime/launch/launch.ts";
import { MESSAGE_SIZE } from "../../runtime/launch/message.ts";
import { REPORTS, type Step } from "../../runtime/plan/generated/step.ts";
import type { Plan } from "../../runtime/plan/plan.ts";
import { fakePort } from "../support/fake-port.ts";

const from = "";
const INIT = 77;
/** A plan of exec: init's first words can come before the launcher's last ones. */
const STEPS: readonly Step[] = [
  { step: "clone", by: "parent", from, namespaces: 0, cgroup: "", launcher: 1 },
  { step: "cloneInit", by: "launcher", from, namespaces: 0, cgroupSlot: -1 },
  { step: "newSession", by: "init", from },
  { step: "setRlimit", by: "parent", from, resource: 7, soft: 1n, hard: 1n },
  { step: "findProgram", by: "init", from: "/args/0", name: "x", search: [] },
  { step: "exec", by: "init", from, args: ["x"], env: [], preserve: 0 },
];
const PLAN: Plan = { steps: STEPS, fds: [], preserveFds: 0, cgroupPaths: {}, warnings: [] };

function message(report: (typeof REPORTS)[number], step: number, value = 0, error = 0): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REPORTS.indexOf(report), true);
  view.setUint32(4, step, true);
  view.setInt32(12, error, true);
  view.setBigUint64(16, BigInt(value), true);
  return bytes;
}

const CLONED = message("cloned", 1, INIT);
const REACHED = message("reached", 3);

let said: Uint8Array[] = [];
let answered: number[] = [];
let walked: string[] = [];
let reaped: number[] = [];

beforeEach(() => {
  said = [];
  answered = [];
  walked = [];
  reaped = [];
  fakePort([], [], {
    launch: () => ({ pid: 76, pidfd: 100, channel: 101 }),
    receive: () => said.shift() ?? new Uint8Array(),
    send: (_, data) => void answered.push(new DataView(data.buffer, data.byteOffset).getUint32(0, true)),
    wait: async () => true,
    waitPidfd: (pidfd) => {
      reaped.push(pidfd);
      return { exited: 0, signal: null };
    },
    pidfdOpen: () => 102,
    pidfdSendSignal: () => undefined,
  });
});

const hands: ParentHands = {
  walk: (step, init) => void walked.push(`${step.step} of ${init?.pid}`),
  stateText: () => "",
  onWarning: () => undefined,
};
const walk = () => walkPlan(PLAN, hands, { folder: "/state" });

describe("the launcher's news of init", () => {
  test.each([
    ["before init says anything", [CLONED, REACHED]],
    ["after init has said something", [REACHED, CLONED]],
  ])("%s", async (_name, messages) => {
    said = [...messages];
    expect((await walk()).pid).toBe(INIT);
    expect(walked).toEqual([`setRlimit of ${INIT}`]);
    expect(answered).toEqual([4]);
  });

  test("after init has failed: init is reaped, and its failure told", async () => {
    said = [message("fault", 4, 0, 2), CLONED];
    await expect(walk()).rejects.toThrow(expect.objectContaining({ code: "E_PROGRAM_MISSING" }));
    expect(reaped.sort()).toEqual([100, 102]);
  });

  test("that never comes is a loss", async () => {
    said = [REACHED];
    await expect(walk()).rejects.toThrow(expect.objectContaining({ code: "E_INIT_LOST" }));
    expect(walked).toEqual([]);
  });
});
