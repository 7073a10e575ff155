import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { pause, succeeded, until } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { isCrun, isTsrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();

/** A container whose program writes a dot every 20 ms. */
async function ticking(): Promise<Container> {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "while :; do printf .; sleep 0.02; done"];
  });
  await c.launch();
  await c.says("..");
  return c;
}

const verb = (name: string, c: Container) => box.session.call([name, c.id]);

async function paused(): Promise<Container> {
  const c = await ticking();
  succeeded(await verb("pause", c));
  return c;
}

test("pause stops every process, resume lets them go on", async () => {
  const c = await paused();
  expect((await c.state()).status).toBe("paused");
  const before = await c.printed();
  await pause(200);
  expect(await c.printed()).toBe(before);
  succeeded(await verb("resume", c));
  expect((await c.state()).status).toBe("running");
  await until("more dots", async () => ((await c.printed()).length > before.length ? true : undefined));
});

test("list and ps know a paused container", async () => {
  const c = await paused();
  const { pid } = await c.state();
  const list = JSON.parse(succeeded(await box.session.call(["list", "--format", "json"])).stdout) as { id: string }[];
  expect(list.find(({ id }) => id === c.id)).toMatchObject({ status: "paused", pid });
  expect(JSON.parse(succeeded(await box.session.call(["ps", "--format", "json", c.id])).stdout)).toContain(pid);
});

unlessPeer(["crun"], "pauses what is paused")("pause twice and resume twice are refused", async () => {
  const c = await paused();
  const again = await verb("pause", c);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("container not running");
  expect((await c.state()).status).toBe("paused");
  succeeded(await verb("resume", c));
  const resumed = await verb("resume", c);
  expect(resumed.code).toBe(1);
  expect(resumed.stderr).toContain("not paused");
});

test("a stopped container can't be paused", async () => {
  const c = await ticking();
  succeeded(await c.kill("KILL"));
  await c.reaches("stopped");
  expect((await verb("pause", c)).code).toBe(1);
  expect((await verb("resume", c)).code).toBe(1);
});

unlessPeer(["crun"], "shows it as created")(
  "a created container can be paused, and starts only when resumed",
  async () => {
    const c = await box.container((config) => {
      config.process.args = ["sh", "-c", "echo started; sleep 100"];
    });
    succeeded(await c.create());
    succeeded(await verb("pause", c));
    expect((await c.state()).status).toBe("paused");
    expect((await c.start()).code).toBe(1);
    succeeded(await verb("resume", c));
    expect((await c.state()).status).toBe("created");
    succeeded(await c.start());
    await c.says("started");
  },
);

unlessPeer(["crun"], "execs and hangs")("exec in a paused container is refused", async () => {
  const c = await paused();
  const outcome = await c.exec(["echo", "in"]);
  expect([outcome.code, outcome.stdout]).toEqual([255, ""]);
  expect(outcome.stderr).toContain("paused");
});

unlessPeer(["crun"], "has no such flag")("exec --ignore-paused waits for resume", async () => {
  const c = await paused();
  const running = c.exec(["echo", "in"], ["--ignore-paused"]);
  const first = await Promise.race([running, pause(300)]);
  expect(first).toBeUndefined();
  succeeded(await verb("resume", c));
  expect(succeeded(await running).stdout).toBe("in\n");
});

for (const signal of ["KILL", "9"]) {
  unlessPeer(["crun"], "leaves it frozen")(`kill ${signal} ends a paused container`, async () => {
    const c = await paused();
    succeeded(await c.kill(signal));
    await c.reaches("stopped");
  });
}

unlessPeer(["crun"], "leaves it frozen")("kill --all KILL ends a paused container", async () => {
  const c = await paused();
  succeeded(await c.kill("KILL", ["--all"]));
  await c.reaches("stopped");
});

test("another signal waits until the container is resumed", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "trap 'echo got; exit' TERM; echo up; while :; do sleep 0.02; done"];
  });
  await c.launch();
  await c.says("up");
  succeeded(await verb("pause", c));
  succeeded(await c.kill("TERM"));
  await pause(100);
  expect((await c.state()).status).toBe("paused");
  expect(await c.printed()).toBe("up\n");
  succeeded(await verb("resume", c));
  await c.says("got");
});

/** "" when the process is not there. */
function status(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

test("delete of a paused container is refused, with --force not", async () => {
  const c = await paused();
  const { pid } = await c.state();
  expect((await c.delete()).code).toBe(1);
  succeeded(await c.delete(["--force"]));
  expect(status(pid)).toMatch(/^$|^State:\s+Z/m);
});

test("the words of a command line", async () => {
  for (const name of ["pause", "resume"]) {
    expect((await box.session.call([name])).code).toBe(1);
    const missing = await box.session.call([name, "not-there"]);
    expect(missing.code).toBe(1);
    if (!isCrun) expect(missing.stderr).toContain("does not exist");
    if (isTsrun) expect((await box.session.call([name, "a", "b"])).code).toBe(1);
  }
});
