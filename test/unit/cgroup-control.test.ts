import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  isFrozen,
  oomKilled,
  oomKills,
  processesIn,
  removeCgroups,
  setFrozen,
  signalAll,
} from "../../runtime/cgroups/control.ts";
import { makeCgroup } from "../../runtime/cgroups/execute.ts";
import { probeCgroups } from "../../runtime/cgroups/layout.ts";
import { planCgroups } from "../../runtime/cgroups/plan.ts";
import type { CgroupPaths } from "../../runtime/cgroups/types.ts";
import type { Port } from "../../runtime/host/port.ts";
import { ESRCH } from "../../runtime/linux/errno.ts";
import { FAKE_HOSTS, type FakeCgroups, type FakeTree, fakeCgroups } from "../support/fake-cgroups.ts";

const SIGTERM = 15;
const SIGKILL = 9;

let fake: FakeCgroups | undefined;
afterEach(() => fake?.remove());

interface Box {
  readonly top: string;
  readonly paths: CgroupPaths;
  readonly made: string[];
  /** pid and signal, in order. */
  readonly signals: [number, number][];
}

/** A made container on a fake host where SIGKILL empties the process lists. */
function box(
  trees: readonly FakeTree[],
  calls: Partial<Port> = {},
  onWrite?: (file: string, value: string) => void,
): Box {
  const signals: [number, number][] = [];
  fake = fakeCgroups(
    trees,
    {
      getpid: () => 1,
      pidfdOpen: (pid) => pid,
      pidfdSendSignal: (pid, signal) => void signals.push([pid, signal]),
      close: () => undefined,
      ...calls,
    },
    { onWrite },
  );
  const plan = planCgroups({ layout: probeCgroups(), id: "box", cgroupsPath: "/tsrun/box", resources: undefined });
  const made = plan.steps.flatMap((step) => (step.step === "makeCgroup" ? makeCgroup(step) : []));
  return { top: fake.top, paths: plan.paths, made, signals };
}

function put(path: string, text: string): void {
  writeFileSync(path, text);
}

/** A child cgroup that the container made itself. */
function child(parent: string, name: string, procs = ""): string {
  const path = join(parent, name);
  mkdirSync(path);
  put(join(path, "cgroup.procs"), procs);
  return path;
}

describe("removal", () => {
  test.each([
    ["v1", FAKE_HOSTS.v1()],
    ["hybrid", FAKE_HOSTS.hybrid()],
    ["v2", FAKE_HOSTS.v2()],
  ])("%s: directories and the parents made for them go, and again is no error", async (_, trees) => {
    const { top, paths, made } = box(trees);
    await removeCgroups(paths, { kill: true, made });
    for (const { at } of trees) expect(existsSync(join(top, at, "tsrun"))).toBe(false);
    await removeCgroups(paths, { kill: true, made });
  });

  test("parents that were there before stay", async () => {
    const { top, paths } = box(FAKE_HOSTS.v1());
    await removeCgroups(paths, { kill: true });
    expect(existsSync(`${top}/memory/tsrun`)).toBe(true);
    expect(existsSync(`${top}/memory/tsrun/box`)).toBe(false);
  });

  test("parents that another container has moved into stay", async () => {
    const { top, paths, made } = box(FAKE_HOSTS.v2());
    child(`${top}/tsrun`, "neighbour");
    await removeCgroups(paths, { kill: true, made });
    expect(existsSync(`${top}/tsrun/neighbour`)).toBe(true);
    expect(existsSync(`${top}/tsrun/box`)).toBe(false);
  });

  test("what is left runs no longer: all below is killed, then removed from the bottom", async () => {
    const lists: string[] = [];
    const { paths, signals } = box(FAKE_HOSTS.v1(), {
      pidfdSendSignal(pid, signal) {
        signals.push([pid, signal]);
        for (const list of lists) put(list, readFileSync(list, "utf8").replace(`${pid}\n`, ""));
      },
    });
    const deep = child(child(paths.memory ?? "", "a"), "b", "11\n12\n");
    lists.push(join(deep, "cgroup.procs"));
    await removeCgroups(paths, { kill: true });
    expect(signals).toEqual([
      [11, SIGKILL],
      [12, SIGKILL],
    ]);
    expect(Object.values(paths).some(existsSync)).toBe(false);
  });

  test("a process that takes its time is waited for", async () => {
    let slept = 0;
    const { paths } = box(FAKE_HOSTS.v1(), {
      sleep: async () => {
        slept += 1;
        if (slept === 3) put(`${paths.pids}/cgroup.procs`, "");
      },
    });
    put(`${paths.pids}/cgroup.procs`, "11\n");
    await removeCgroups(paths, { kill: true });
    expect(slept).toBe(3);
    expect(existsSync(paths.pids ?? "")).toBe(false);
  });

  test("a process that never ends is an error that names the cgroup", async () => {
    const { paths, top } = box(FAKE_HOSTS.v2());
    put(`${top}/tsrun/box/cgroup.procs`, "11\n");
    await expect(removeCgroups(paths, { kill: true })).rejects.toMatchObject({
      code: "E_CGROUP",
      oneLine: `cgroup ${top}/tsrun/box: still in use, although all its processes were killed`,
    });
  });

  test("without leave to kill nobody is touched, neither processes nor cgroups below", async () => {
    const { paths, signals } = box(FAKE_HOSTS.hybrid());
    const inner = child(paths.memory ?? "", "somebody", "11\n");
    put(`${paths.cpu}/cgroup.procs`, "12\n");
    const before = fake?.writes.length;
    await removeCgroups(paths, { kill: false });
    expect(signals).toEqual([]);
    expect(fake?.writes.length).toBe(before);
    expect(existsSync(inner)).toBe(true);
    expect(existsSync(paths.cpu ?? "")).toBe(true);
    expect(existsSync(paths.pids ?? "")).toBe(false);
  });

  test("without leave to kill, what a container left behind goes too, if nobody is in it", async () => {
    const { paths } = box(FAKE_HOSTS.hybrid());
    child(child(paths.memory ?? "", "system.slice"), "old.service");
    await removeCgroups(paths, { kill: false });
    expect(Object.values(paths).some(existsSync)).toBe(false);
  });

  test("what is frozen is thawed before it is killed", async () => {
    const order: string[] = [];
    const { paths } = box(
      FAKE_HOSTS.v1(),
      {
        pidfdSendSignal() {
          order.push("kill");
          put(`${paths.freezer}/cgroup.procs`, "");
        },
      },
      (file, value) => {
        if (file.endsWith("freezer.state")) order.push(value);
      },
    );
    put(`${paths.freezer}/freezer.state`, "FROZEN\n");
    put(`${paths.freezer}/cgroup.procs`, "11\n");
    await removeCgroups(paths, { kill: true });
    expect(order).toEqual(["THAWED", "kill"]);
  });

  test("v2: cgroup.kill takes all at once", async () => {
    const { paths, signals, top } = box(FAKE_HOSTS.v2(), {}, (file) => {
      if (file.endsWith("box/cgroup.kill")) put(`${top}/tsrun/box/cgroup.procs`, "");
    });
    put(`${top}/tsrun/box/cgroup.procs`, "11\n12\n");
    await removeCgroups(paths, { kill: true });
    expect(signals).toEqual([]);
    expect(existsSync(`${top}/tsrun/box`)).toBe(false);
  });
});

describe("processes", () => {
  test("of all levels, sorted, once; none of foreign pid namespaces", () => {
    const { paths } = box(FAKE_HOSTS.hybrid());
    put(`${paths.freezer}/cgroup.procs`, "30\n0\n10\n");
    child(paths.freezer ?? "", "inner.scope", "20\n10\n");
    expect(processesIn(paths)).toEqual([10, 20, 30]);
  });

  test("none when the cgroups are gone, or there never were any", async () => {
    const { paths } = box(FAKE_HOSTS.v2());
    await removeCgroups(paths, { kill: true });
    expect(processesIn(paths)).toEqual([]);
    expect(processesIn({})).toEqual([]);
  });

  test("a signal goes once to each, but not to ourselves", () => {
    const { paths, signals } = box(FAKE_HOSTS.v1());
    put(`${paths.freezer}/cgroup.procs`, "1\n10\n11\n");
    signalAll(paths, SIGTERM);
    expect(signals).toEqual([
      [10, SIGTERM],
      [11, SIGTERM],
    ]);
  });

  test("SIGKILL goes on while new processes turn up", () => {
    const { paths, signals } = box(FAKE_HOSTS.v1(), {
      pidfdSendSignal(pid, signal) {
        signals.push([pid, signal]);
        if (pid < 14) put(`${paths.cpu}/cgroup.procs`, `${pid + 1}\n`);
      },
    });
    put(`${paths.cpu}/cgroup.procs`, "10\n");
    signalAll(paths, SIGKILL);
    expect(signals.map(([pid]) => pid)).toEqual([10, 11, 12, 13, 14]);
  });

  test("a pid that has changed hands between the two looks is left alone", () => {
    const { paths, signals } = box(FAKE_HOSTS.v1(), {
      pidfdOpen(pid) {
        if (pid === 10) put(`${paths.freezer}/cgroup.procs`, "11\n");
        return pid;
      },
    });
    put(`${paths.freezer}/cgroup.procs`, "10\n11\n");
    signalAll(paths, SIGTERM);
    expect(signals).toEqual([[11, SIGTERM]]);
  });

  test("a process that is gone is no error", () => {
    const gone = (): never => {
      throw Object.assign(new Error("gone"), { syscall: "pidfd_open", errno: ESRCH });
    };
    const { paths, signals } = box(FAKE_HOSTS.v1(), { pidfdOpen: gone });
    put(`${paths.freezer}/cgroup.procs`, "10\n");
    signalAll(paths, SIGKILL);
    expect(signals).toEqual([]);
  });
});

describe("freezing", () => {
  test.each([
    ["v1", FAKE_HOSTS.v1(), "freezer/tsrun/box/freezer.state", "FROZEN", "THAWED"],
    ["hybrid", FAKE_HOSTS.hybrid(), "freezer/tsrun/box/freezer.state", "FROZEN", "THAWED"],
    ["v2", FAKE_HOSTS.v2(), "tsrun/box/cgroup.freeze", "1", "0"],
  ])("%s: and back", async (_, trees, file, on, off) => {
    const { paths, top } = box(trees, {}, (path, value) => {
      if (path.endsWith("cgroup.freeze")) put(path.replace("freeze", "events"), `populated 1\nfrozen ${value}\n`);
    });
    expect(isFrozen(paths)).toBe(false);
    await setFrozen(paths, true);
    expect(readFileSync(join(top, file), "utf8").trim()).toBe(on);
    expect(isFrozen(paths)).toBe(true);
    await setFrozen(paths, false);
    expect(readFileSync(join(top, file), "utf8").trim()).toBe(off);
    expect(isFrozen(paths)).toBe(false);
  });

  test("v1: a state that stays on the way is written again", async () => {
    let writes = 0;
    const { paths } = box(
      FAKE_HOSTS.v1(),
      {
        readFile(path) {
          return writes > 0 && writes < 3 && path.endsWith("freezer.state") ? "FREEZING\n" : readFileSync(path, "utf8");
        },
      },
      (file) => {
        if (file.endsWith("freezer.state")) writes += 1;
      },
    );
    await setFrozen(paths, true);
    expect(writes).toBe(3);
  });

  test("what does not freeze in time is thawed again", async () => {
    const { paths, top } = box(FAKE_HOSTS.v2());
    await expect(setFrozen(paths, true)).rejects.toMatchObject({
      code: "E_CGROUP",
      message: `cgroup ${top}/tsrun/box/cgroup.freeze: did not freeze in time`,
    });
    expect(readFileSync(`${top}/tsrun/box/cgroup.freeze`, "utf8").trim()).toBe("0");
  });

  test("without a freezer", async () => {
    await expect(setFrozen({ memory: "/none" }, true)).rejects.toMatchObject({ code: "E_HOST_UNSUPPORTED" });
  });
});

describe("out of memory", () => {
  test.each([
    ["v1", FAKE_HOSTS.v1(), "memory/tsrun/box/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"],
    ["v2", FAKE_HOSTS.v2(), "tsrun/box/memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 0\n"],
  ])("%s: how often the kernel killed", async (_, trees, file, text) => {
    const { paths, top } = box(trees);
    expect(oomKilled(paths)).toBe(false);
    put(join(top, file), text);
    expect(oomKills(paths)).toBe(2);
    expect(oomKilled(paths)).toBe(true);
    await removeCgroups(paths, { kill: true });
    expect(oomKilled(paths)).toBe(false);
  });
});
