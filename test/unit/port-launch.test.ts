import { describe, expect, test } from "@jest/globals";
import "../../runtime/host/node.ts";
import { type Launched, port } from "../../runtime/host/port.ts";
import { decodeMessage, encodeGo, MESSAGE_SIZE } from "../../runtime/launch/message.ts";
import { encodePlan } from "../../runtime/plan/encode.ts";
import type { Step } from "../../runtime/plan/generated/step.ts";

const SECOND = 1_000_000;
const FIRST_OF_INIT = 2;
const NEWUTS = 0x04000000;
const from = "";

/** The smallest plan: a shell in the caller's own world. */
const plan = (script: string, program = "/bin/sh"): Step[] => [
  { step: "clone", by: "parent", from, namespaces: 0, cgroup: "", launcher: 0 },
  { step: "saveState", by: "parent", from, status: "creating" },
  { step: "setUmask", by: "init", from, mask: 0o27 },
  { step: "setCwd", by: "init", from, path: "/usr", create: 0 },
  { step: "findProgram", by: "init", from, name: program, search: [] },
  { step: "exec", by: "init", from, args: ["sh", "-c", script], env: ["A=b"], preserve: 0 },
];

const start = (steps: readonly Step[], more: { fds?: number[]; namespaces?: number } = {}): Launched =>
  port().launch({
    plan: encodePlan(steps, false),
    fds: [],
    preserve: 0,
    namespaces: 0,
    cgroup: -1,
    launcher: false,
    ...more,
  });

/** launch returns as soon as init has a memory of its own; a moment later it is there. */
async function arrived({ pid }: Launched): Promise<string> {
  const deadline = soon();
  for (;;) {
    const words = port().readFile(`/proc/${pid}/cmdline`, 100);
    if (words !== "" || port().monotonic() > deadline) return words;
    await port().sleep(port().monotonic() + 1000);
  }
}

const soon = () => port().monotonic() + 10 * SECOND;

/** The messages up to the end of the channel, and how the process ended. */
async function finish({ pidfd, channel }: Launched) {
  const messages = [];
  for (;;) {
    expect(await port().wait(channel, "read", soon())).toBe(true);
    const bytes = port().receive(channel, MESSAGE_SIZE);
    if (bytes === null) continue;
    if (bytes.length === 0) break;
    messages.push(decodeMessage(bytes));
  }
  expect(await port().wait(pidfd, "read", soon())).toBe(true);
  const status = port().waitPidfd(pidfd);
  for (const fd of [pidfd, channel]) port().close(fd);
  return { messages, status };
}

describe("launch", () => {
  test("init walks its plan when told to, and becomes the program", async () => {
    const launched = start(plan('[ "$(umask)$PWD$A" = 0027/usrb ] && exit 42'));
    expect(port().receive(launched.channel, MESSAGE_SIZE)).toBeNull();
    expect(await arrived(launched)).toBe("tsrun-init\u00003\u00000\0");
    port().send(launched.channel, encodeGo(FIRST_OF_INIT));
    expect(await finish(launched)).toEqual({ messages: [], status: { exited: 42, signal: null } });
  });

  test("a fault names its step and cause", async () => {
    const launched = start(plan("", "/none/such"));
    port().send(launched.channel, encodeGo(FIRST_OF_INIT));
    const { messages, status } = await finish(launched);
    expect(messages).toMatchObject([{ report: "fault", step: 4, error: 2 }]);
    expect(status).toEqual({ exited: 1, signal: null });
  });

  test("init ends with its parent", async () => {
    const { pidfd, channel } = start(plan("exit 0"));
    port().close(channel);
    expect(await port().wait(pidfd, "read", soon())).toBe(true);
    expect(port().waitPidfd(pidfd)).toMatchObject({ exited: 1 });
    port().close(pidfd);
  });

  test("a plan that is none is refused before anything is walked", async () => {
    const launched = port().launch({
      plan: new Uint8Array(64),
      fds: [],
      preserve: 0,
      namespaces: 0,
      cgroup: -1,
      launcher: false,
    });
    const { messages, status } = await finish(launched);
    expect(messages).toMatchObject([{ report: "fault", operation: "verify" }]);
    expect(status).toEqual({ exited: 1, signal: null });
  });

  test("an error of the clone or of the child is thrown, and nothing is left", () => {
    const before = port().readdir("/proc/self/fd").length;
    expect(() => start(plan(""), { fds: [99_999] })).toThrow("dup3: bad file descriptor");
    expect(() => start(plan(""), { namespaces: 1 })).toThrow(/^clone3: /);
    expect(port().readdir("/proc/self/fd").length).toBe(before);
  });

  test("init is in the namespaces asked for, and maps none of our files", async () => {
    const launched = start(plan("exit 0"), { namespaces: NEWUTS });
    const uts = (pid: number | string) => port().readlink(`/proc/${pid}/ns/uts`);
    expect(uts(launched.pid)).not.toBe(uts("self"));
    await arrived(launched);
    const mapped = port().readFile(`/proc/${launched.pid}/maps`, 1 << 16);
    expect(mapped).toContain("memfd:tsrun-init");
    expect(mapped).not.toMatch(/ \/(?!memfd:)/);
    port().send(launched.channel, encodeGo(FIRST_OF_INIT));
    expect((await finish(launched)).status).toEqual({ exited: 0, signal: null });
  });
});
