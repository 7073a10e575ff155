import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { pause, succeeded, until } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import type { Change } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { isCrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();

const sleeper: Change = (c) => {
  c.process.args = ["sleep", "100"];
};

async function running(change: Change = sleeper, id?: string): Promise<Container> {
  const c = await box.container(change, { id });
  await c.launch();
  return c;
}

async function stopped(id?: string): Promise<Container> {
  const c = await running(sleeper, id);
  succeeded(await c.kill("KILL"));
  await c.reaches("stopped");
  return c;
}

function gone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

test("kill 0 asks whether the container runs, and does nothing", async () => {
  const c = await running();
  succeeded(await c.kill("0"));
  expect((await c.state()).status).toBe("running");
  succeeded(await c.kill("KILL"));
  await c.reaches("stopped");
  expect((await c.kill("0")).code).toBe(1);
});

test("kill --all reaches every process", async () => {
  const c = await running((config) => {
    config.process.args = [
      "sh",
      "-c",
      "trap 'echo one; exit' USR1; sh -c 'trap \"echo two; exit\" USR1; echo up; while :; do sleep 0.02; done' & " +
        "while :; do sleep 0.02; done",
    ];
  });
  await c.says("up");
  succeeded(await c.kill("USR1", ["--all"]));
  await c.reaches("stopped");
  await c.says("one");
});

for (const how of [["KILL"], ["KILL", "--all"]] as const) {
  const [signal, ...flags] = how;
  const name = `without a pid namespace, kill ${[...flags, signal].join(" ")} ends every process`;
  unlessPeer(flags.length > 0 ? [] : ["runc", "crun"], "ends only init")(name, async () => {
    const c = await running((config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "pid");
      config.process.args = ["sh", "-c", "sleep 100 & sleep 100 & echo up; wait"];
    });
    await c.says("up");
    const members = readFileSync(`${c.cgroup("pids")}/cgroup.procs`, "utf8")
      .trim()
      .split("\n")
      .map(Number);
    expect(members.length).toBeGreaterThanOrEqual(3);
    succeeded(await c.kill(signal, flags));
    for (const pid of members) await until(`the end of ${pid}`, () => (gone(pid) ? true : undefined), 2000);
  });
}

unlessPeer(["runc", "crun"], "leave it frozen")("a part of the container that is frozen ends with it", async () => {
  const c = await running((config) => {
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "pid");
    config.process.args = ["sh", "-c", "sleep 100 & echo up; wait"];
  });
  await c.says("up");
  const { pid } = await c.state();
  const part = `${c.cgroup("freezer")}/part`;
  const child = (await members(c, 2)).find((one) => one !== pid) as number;
  mkdirSync(part);
  writeFileSync(`${part}/cgroup.procs`, `${child}`);
  writeFileSync(`${part}/freezer.state`, "FROZEN");
  succeeded(await c.delete(["--force"]));
  expect(gone(child)).toBe(true);
});

function members(c: Container, least: number): Promise<number[]> {
  return until("its processes", () => {
    const pids = readFileSync(`${c.cgroup("pids")}/cgroup.procs`, "utf8")
      .trim()
      .split("\n")
      .map(Number);
    return pids.length >= least ? pids : undefined;
  });
}

unlessPeer(["runc"], "has no --regex")("kill --regex reaches those that match, and only those", async () => {
  const name = box.session.unique();
  const [one, two, other] = await Promise.all(["a1", "a2", "b1"].map((end) => running(sleeper, `${name}-${end}`)));
  succeeded(await box.session.call(["kill", "--regex", `^${name}-a[0-9]$`, "KILL"]));
  await one?.reaches("stopped");
  await two?.reaches("stopped");
  await pause(50);
  expect((await other?.state())?.status).toBe("running");
});

unlessPeer(["runc"], "has no --regex")("delete --regex deletes those that match", async () => {
  const name = box.session.unique();
  const [one, two, other] = await Promise.all(["a1", "a2", "b1"].map((end) => stopped(`${name}-${end}`)));
  succeeded(await box.session.call(["delete", "--regex", `${name}-a`]));
  expect((await one?.stateOutcome())?.code).not.toBe(0);
  expect((await two?.stateOutcome())?.code).not.toBe(0);
  expect((await other?.state())?.status).toBe("stopped");
  if (!isCrun) expect((await box.session.call(["delete", "--regex", "*"])).code).toBe(1);
});

unlessPeer(["runc", "crun"], "take one id")("delete of several, of which one runs", async () => {
  const [one, two, three] = [await stopped(), await running(), await stopped()];
  const outcome = await box.session.call(["delete", one.id, two.id, three.id]);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(two.id);
  const codes = await Promise.all([one, two, three].map(async (c) => (await c.stateOutcome()).code));
  expect(codes).toEqual([1, 0, 1]);
});

unlessPeer(["runc", "crun"], "have no such flag")("delete --all-stopped leaves what runs", async () => {
  const [one, two] = [await stopped(), await running()];
  succeeded(await box.session.call(["delete", "--all-stopped"]));
  expect([(await one.stateOutcome()).code, (await two.state()).status]).toEqual([1, "running"]);
});
