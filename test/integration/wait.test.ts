import { readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { pause, succeeded } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import { hasFile } from "../support/cgroup.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, when } from "../support/runtime.ts";

const box = useBox();
const MiB = 1024 * 1024;
const [major = 0, minor = 0] = release().split(".").map(Number);
const tells = major > 6 || (major === 6 && minor >= 15);
const own = when(isTsrun && tells, "of tsrun alone; needs Linux 6.15");

async function running(script: string, memory?: number): Promise<Container> {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", script];
    if (memory !== undefined)
      config.linux.resources = { ...config.linux.resources, memory: { limit: memory, swap: memory } };
  });
  await c.launch();
  return c;
}

const wait = (c: Container) => box.session.call(["wait", c.id]);
const waited = async (c: Container) => JSON.parse(succeeded(await wait(c)).stdout) as object;

describe("the end of a program whose parent is another", () => {
  own("an exit status", async () => {
    const c = await running("sleep 3; exit 7");
    expect(await waited(c)).toEqual({ id: c.id, exitStatus: 7, oomKilled: false });
    // It is kept: the process is long gone.
    expect(await waited(c)).toEqual({ id: c.id, exitStatus: 7, oomKilled: false });
    expect((await c.state()).status).toBe("stopped");
  });

  own("a signal, and several who wait", async () => {
    const c = await running("sleep 100");
    const all = Promise.all([waited(c), waited(c), waited(c)]);
    await pause(400);
    succeeded(await c.kill("KILL"));
    for (const ended of await all) expect(ended).toEqual({ id: c.id, exitStatus: 137, signal: 9, oomKilled: false });
  });

  when(isTsrun && tells && hasFile("memory", "memory.oom_control"), "of tsrun alone; needs v1's memory controller")(
    "a lack of memory",
    async () => {
      const c = await running("sleep 0.4; exec tail /dev/zero", 16 * MiB);
      expect(await waited(c)).toEqual({ id: c.id, exitStatus: 137, signal: 9, oomKilled: true });
    },
  );

  own("a container that is only created is waited for too", async () => {
    const c = await box.container((config) => {
      config.process.args = ["sh", "-c", "exit 5"];
    });
    succeeded(await c.create());
    const ended = waited(c);
    await pause(300);
    succeeded(await c.start());
    expect(await ended).toMatchObject({ exitStatus: 5 });
  });
});

describe("what can't be known", () => {
  when(isTsrun, "of tsrun alone")("a program that had ended before", async () => {
    const c = await running("exit 3");
    await c.reaches("stopped");
    await pause(50);
    const outcome = await wait(c);
    // Who is not reaped yet still tells.
    if (outcome.code === 0) return expect(JSON.parse(outcome.stdout)).toMatchObject({ exitStatus: 3 });
    expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
    expect(outcome.stderr).toContain("exit status was not kept");
  });

  when(isTsrun, "of tsrun alone")("a container that is not there", async () => {
    expect((await box.session.call(["wait", "not-there"])).stderr).toContain("does not exist");
  });
});

when(isTsrun, "of tsrun alone")("run --keep keeps it", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "exit 9"];
  });
  expect((await c.run(["--keep"])).code).toBe(9);
  expect(await waited(c)).toEqual({ id: c.id, exitStatus: 9, oomKilled: false });
  const record = JSON.parse(readFileSync(join(box.session.root, c.id, "state.json"), "utf8")) as { ended: object };
  expect(record.ended).toEqual({ exitStatus: 9, oomKilled: false });
});
