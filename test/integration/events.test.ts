import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, describe, expect } from "@jest/globals";
import { PLAIN_ENV, succeeded, until } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import type { Change } from "../../bundles/session.ts";
import { hasFile } from "../support/cgroup.ts";
import { useBox } from "../support/container.ts";
import { isCrun, isTsrun, unlessPeer, when } from "../support/runtime.ts";

const box = useBox();
const MiB = 1024 * 1024;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const sleeper: Change = (c) => {
  c.process.args = ["sleep", "100"];
  c.linux.resources = { ...c.linux.resources, memory: { limit: 64 * MiB }, pids: { limit: 30 } };
};

async function running(change: Change = sleeper): Promise<Container> {
  const c = await box.container(change);
  await c.launch();
  return c;
}

interface Event {
  readonly type: string;
  readonly id: string;
  readonly data?: Record<string, Record<string, unknown>>;
}

/** The lines of a running `events`, and its end. */
function listen(c: Container, flags: readonly string[]) {
  const [file = "", ...args] = box.session.argv(["events", ...flags, c.id]);
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...PLAIN_ENV } });
  children.push(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  const events = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Event);
  return { events, ended };
}

/** The keys of an object and of all objects in it. */
function keysOf(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => [`${prefix}${key}`, ...keysOf(member, `${prefix}${key}.`)]);
}

const withoutCrun = unlessPeer(["crun"], "has no events");

withoutCrun("--stats: one line in runc's shape", async () => {
  const c = await running();
  const { stdout } = succeeded(await box.session.call(["events", "--stats", c.id]));
  expect(stdout.endsWith("}\n")).toBe(true);
  const { type, id, data } = JSON.parse(stdout) as Event;
  expect([type, id]).toEqual(["stats", c.id]);
  expect(Object.keys(data ?? {})).toEqual([
    "cpu",
    "cpuset",
    "memory",
    "pids",
    "blkio",
    "hugetlb",
    "intel_rdt",
    "network_interfaces",
  ]);
  expect(data?.pids).toEqual({ current: 1, limit: 30 });
  expect(data?.memory).toMatchObject({ usage: { limit: 64 * MiB, usage: expect.any(Number), failcnt: 0 } });
  expect(data?.cpu?.usage).toMatchObject({ total: expect.any(Number), percpu: expect.any(Array) });
  expect(data?.cpuset).toMatchObject({ cpus: expect.any(Array), mems: [0] });
  expect(data?.network_interfaces).toBeNull();
});

when(isTsrun, "a comparison of tsrun with runc")(
  "--stats: the keys and limits are those that runc prints",
  async () => {
    const c = await running();
    const theirs = await reference(c);
    const own = JSON.parse(succeeded(await box.session.call(["events", "--stats", c.id])).stdout) as Event;
    // Counters of 0 are left out by both, and what is 0 may have changed between the two.
    const stable = (data: unknown) =>
      keysOf(data)
        .sort()
        .filter((key) => !/^(cpu\.usage|memory\.cache|blkio|memory\..*\.max$)/.test(key));
    expect(stable(own.data)).toEqual(stable(theirs.data));
    for (const section of ["cpuset", "pids", "intel_rdt"]) expect(own.data?.[section]).toEqual(theirs.data?.[section]);
    for (const counter of ["usage", "swap", "kernel", "kernelTCP"]) {
      const limits = [own, theirs].map(({ data }) => (data?.memory?.[counter] as { limit: number } | undefined)?.limit);
      expect(limits[0]).toBe(limits[1]);
    }
  },
);

/** What runc says of a container of the same config. */
async function reference(c: Container): Promise<Event> {
  const { Session } = await import("../../bundles/session.ts");
  const session = await Session.open("runc");
  try {
    const twin = await session.container((config, made) => sleeper(config, made));
    expect(twin.config.linux.resources).toEqual(c.config.linux.resources);
    await twin.launch();
    return JSON.parse(succeeded(await session.call(["events", "--stats", twin.id])).stdout) as Event;
  } finally {
    expect(await session.close()).toEqual([]);
  }
}

withoutCrun("statistics come at the interval, until the container is deleted", async () => {
  const c = await running();
  const { events, ended } = listen(c, ["--interval", "100ms"]);
  await until("three statistics", () => (events().length >= 3 ? true : undefined));
  expect(events().every(({ type, id, data }) => type === "stats" && id === c.id && data?.pids?.current === 1)).toBe(
    true,
  );
  succeeded(await c.delete(["--force"]));
  expect(await ended).toBe(0);
});

when(!isCrun && hasFile("memory", "cgroup.event_control"), "crun has no events; needs v1's memory events")(
  "an OOM is an event",
  async () => {
    const c = await running((config, made) => {
      sleeper(config, made);
      config.linux.resources = { ...config.linux.resources, memory: { limit: 16 * MiB, swap: 16 * MiB } };
      config.process.args = ["sh", "-c", "while ! test -e /tmp/go; do sleep 0.02; done; tail /dev/zero; sleep 100"];
      config.mounts.push({ destination: "/tmp", type: "tmpfs", source: "tmpfs", options: [] });
    });
    const { events, ended } = listen(c, ["--interval", "1h"]);
    await until("its watch", async () => ((await c.exec(["true"])).code === 0 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 500));
    succeeded(await c.exec(["touch", "/tmp/go"]));
    await until("the event", () => (events().length > 0 ? true : undefined));
    expect(events()[0]).toEqual({ type: "oom", id: c.id });
    succeeded(await c.delete(["--force"]));
    expect(await ended).toBe(0);
  },
);

describe("what can't be", () => {
  withoutCrun("a stopped container, one that is not there, an interval that is none", async () => {
    const c = await running();
    for (const interval of ["0s", "soon"]) {
      expect((await box.session.call(["events", "--interval", interval, c.id])).code).toBe(1);
    }
    succeeded(await c.kill("KILL"));
    await c.reaches("stopped");
    const stopped = await box.session.call(["events", "--stats", c.id]);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain("not running");
    expect((await box.session.call(["events", "--stats", "not-there"])).stderr).toContain("does not exist");
  });
});
