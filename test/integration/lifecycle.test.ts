import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { pause, run, succeeded, until } from "../../bundles/command.ts";
import { toJson } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import type { Change } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { isCrun, isTsrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();

const sleeper: Change = (c) => {
  c.process.args = ["sleep", "100"];
};

async function created(change: Change = sleeper): Promise<Container> {
  const container = await box.container(change);
  succeeded(await container.create());
  return container;
}

async function stopped(): Promise<Container> {
  const container = await created();
  succeeded(await container.start());
  succeeded(await container.kill("KILL"));
  await container.reaches("stopped");
  return container;
}

test("create, start, state, kill, delete", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"];
  });
  succeeded(await c.create());
  expect((await c.state()).status).toBe("created");
  expect(await c.printed()).toBe("");
  succeeded(await c.start());
  await c.says("up");
  expect((await c.state()).status).toBe("running");
  succeeded(await c.kill());
  await c.reaches("stopped");
  succeeded(await c.delete());
  expect((await c.stateOutcome()).code).toBe(1);
});

test("what state says", async () => {
  const c = await created((config, container) => {
    sleeper(config, container);
    config.annotations = { "org.example.key": "a value", "org.example.other": "" };
  });
  const state = await c.state();
  expect(state).toMatchObject({
    ociVersion: expect.stringMatching(/^1\.\d+\.\d+/),
    id: c.id,
    pid: expect.any(Number),
    status: "created",
    bundle: c.bundle,
    rootfs: expect.any(String),
    created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
    annotations: { "org.example.key": "a value", "org.example.other": "" },
  });
  expect(existsSync(`/proc/${state.pid}`)).toBe(true);
});

test("a stopped container has no pid", async () => {
  expect(((await (await stopped()).state()).pid ?? 0) === 0).toBe(true);
});

test("what is not there: state, start, kill and delete fail, delete --force does not", async () => {
  const c = await box.container();
  for (const outcome of [
    await c.stateOutcome(),
    await c.start(),
    await c.kill(),
    await c.delete(),
    await c.exec(["true"]),
  ]) {
    expect(outcome.code).not.toBe(0);
    if (!isCrun) expect(outcome.stderr).toContain("does not exist");
  }
  expect((await c.delete(["--force"])).code).toBe(0);
});

test("start twice fails the second time and leaves the container running", async () => {
  const c = await created();
  succeeded(await c.start());
  expect((await c.start()).code).toBe(1);
  expect((await c.state()).status).toBe("running");
});

test("start of a stopped container fails", async () => {
  expect((await (await stopped()).start()).code).toBe(1);
});

test("kill of a stopped container fails", async () => {
  const outcome = await (await stopped()).kill("TERM");
  expect(outcome.code).toBe(1);
  if (!isCrun) expect(outcome.stderr).toContain("not running");
});

test("delete of a running container is refused, with --force not", async () => {
  const c = await created();
  succeeded(await c.start());
  const refused = await c.delete();
  expect(refused.code).toBe(1);
  expect((await c.state()).status).toBe("running");
  succeeded(await c.delete(["--force"]));
  expect((await c.stateOutcome()).code).toBe(1);
});

test("delete of a created container is allowed", async () => {
  const c = await created();
  const { pid } = await c.state();
  succeeded(await c.delete());
  await until("the end of init", () => (gone(pid) ? true : undefined), 2000);
});

/** True when a process is not there, or only waits to be reaped. */
function gone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

test("a second create of the same id fails and leaves the first alone", async () => {
  const first = await created();
  const second = await box.container(sleeper, { id: first.id });
  const outcome = await second.create();
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("exist");
  expect((await first.state()).bundle).toBe(first.bundle);
  succeeded(await first.start());
});

test("the config may change after create: nothing does", async () => {
  const c = await created((config) => {
    config.process.args = ["sh", "-c", "echo as created; exec sleep 100"];
  });
  writeFileSync(
    join(c.bundle, "config.json"),
    toJson({ ...c.config, process: { ...c.config.process, args: ["echo", "changed"] } }),
  );
  succeeded(await c.start());
  expect(await c.says("created")).toBe("as created\n");
});

test.each([
  ["TERM", 143],
  ["SIGTERM", 143],
  ["15", 143],
  ["KILL", 137],
  ["9", 137],
  ["HUP", 129],
  ["10", 138],
])("kill %s reaches the process", async (signal, status) => {
  const c = await box.container((config) => {
    // pid 1 of a namespace gets only the signals that it handles, and KILL.
    config.process.args = [
      "sh",
      "-c",
      'for s in TERM HUP USR1; do trap "echo got; exit" $s; done; echo up; while :; do sleep 0.05; done',
    ];
  });
  await c.launch();
  await c.says("up");
  succeeded(await c.kill(signal));
  await c.reaches("stopped");
  expect(await c.printed()).toBe(status === 137 ? "up\n" : "up\ngot\n");
});

unlessPeer(["crun"], "sends signal 0")("an unknown signal is an error and kills nothing", async () => {
  const c = await created();
  expect((await c.kill("NOSUCH")).code).toBe(1);
  expect((await c.state()).status).toBe("created");
});

test("kill reaches a container that is only created", async () => {
  const c = await created();
  succeeded(await c.kill("KILL"));
  await c.reaches("stopped");
});

test.each([0, 1, 7, 126, 127, 255])("run ends with the program's status %d", async (status) => {
  const outcome = await box.run((c) => {
    c.process.args = ["sh", "-c", `exit ${status}`];
  });
  expect(outcome.code).toBe(status);
});

test("run ends with 128 + n for a signal", async () => {
  const outcome = await box.run((c) => {
    c.process.args = ["sh", "-c", "sh -c 'kill -9 $$'; exit $?"];
  });
  expect(outcome.code).toBe(137);
});

test("run deletes the container at the end, --keep does not", async () => {
  const c = await box.container((config) => {
    config.process.args = ["true"];
  });
  expect((await c.run()).code).toBe(0);
  expect((await c.stateOutcome()).code).toBe(1);
  const kept = await box.container((config) => {
    config.process.args = ["sh", "-c", "exit 3"];
  });
  const outcome = await kept.run(["--keep"]);
  if (outcome.stderr.includes("flag") || outcome.stderr.includes("option")) return expect(isTsrun).toBe(false);
  expect(outcome.code).toBe(3);
  expect((await kept.state()).status).toBe("stopped");
});

test("run passes signals on to the program", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done"];
  });
  const [file = "", ...args] = box.session.argv(["run", "--bundle", c.bundle, c.id]);
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGTERM");
  expect(await ended).toBe(9);
});

test("run --detach returns while the program runs", async () => {
  const c = await box.container(sleeper);
  succeeded(await c.detach());
  expect((await c.state()).status).toBe("running");
});

test("--pid-file of create and run", async () => {
  const one = await box.container(sleeper);
  const file = join(one.bundle, "pid");
  succeeded(await one.create(["--pid-file", file]));
  expect(readFileSync(file, "utf8")).toBe(`${(await one.state()).pid}`);
  const two = await box.container(sleeper);
  succeeded(await two.detach(["--pid-file", join(two.bundle, "pid")]));
  expect(readFileSync(join(two.bundle, "pid"), "utf8")).toBe(`${(await two.state()).pid}`);
});

unlessPeer(["crun"], "has columns of its own")("list: table, json, quiet", async () => {
  const c = await created();
  const table = succeeded(await box.session.call(["list"])).stdout.split("\n");
  expect(table[0]?.trim().split(/\s+/).slice(-5)).toEqual(
    expect.arrayContaining(["PID", "STATUS", "CREATED", "OWNER"]),
  );
  expect(table.find((line) => line.startsWith(c.id))).toMatch(/\s\d+\s+created\s+\S+\s+\S+Z\s+root/);
  const json = JSON.parse(succeeded(await box.session.call(["list", "--format", "json"])).stdout) as { id: string }[];
  expect(json.find((entry) => entry.id === c.id)).toMatchObject({ status: "created", bundle: c.bundle, owner: "root" });
  expect(succeeded(await box.session.call(["list", "--quiet"])).stdout.split("\n")).toContain(c.id);
});

test("list of a root that is not there is empty", async () => {
  const [file = "", ...args] = box.session
    .argv(["list", "-q"])
    .map((word) => (word === box.session.root ? `${word}-not` : word));
  const outcome = await run(file, args);
  expect([outcome.code, outcome.stdout.trim()]).toEqual([0, ""]);
});

test("two containers at once do not know of each other", async () => {
  const pair = await Promise.all([created(), created()]);
  await Promise.all(pair.map(async (c) => succeeded(await c.start())));
  const [one, two] = pair as [Container, Container];
  succeeded(await one.delete(["--force"]));
  await pause(50);
  expect((await two.state()).status).toBe("running");
});

test("a process that forks is gone as a whole when pid 1 ends", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "sleep 100 & sleep 100 & echo up; wait"];
  });
  await c.launch();
  await c.says("up");
  const members = readFileSync(`${c.cgroup("pids")}/cgroup.procs`, "utf8")
    .trim()
    .split("\n")
    .map(Number);
  expect(members.length).toBeGreaterThanOrEqual(3);
  succeeded(await c.delete(["--force"]));
  for (const pid of members) await until(`the end of ${pid}`, () => (gone(pid) ? true : undefined), 2000);
});

unlessPeer(["crun"], "does not end the others")(
  "without a pid namespace, delete --force ends every process of the cgroup",
  async () => {
    const c = await box.container((config) => {
      config.linux.namespaces = config.linux.namespaces.filter((namespace) => namespace.type !== "pid");
      config.process.args = ["sh", "-c", "sleep 100 & sleep 100 & echo up; wait"];
    });
    await c.launch();
    await c.says("up");
    const members = readFileSync(`${c.cgroup("pids")}/cgroup.procs`, "utf8")
      .trim()
      .split("\n")
      .map(Number);
    succeeded(await c.delete(["--force"]));
    for (const pid of members) await until(`the end of ${pid}`, () => (gone(pid) ? true : undefined), 2000);
  },
);
