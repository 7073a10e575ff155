import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execCgroups } from "../../runtime/container/exec-cgroups.ts";
import type { Port } from "../../runtime/host/port.ts";
import type { Record as ContainerRecord } from "../../runtime/state/record.ts";
import { fsPort, usePort } from "../support/fs-port.ts";

const PID = 4242;
let top = "";
/** Files that are answered from memory. */
let proc: Record<string, string> = {};

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "tsrun-exec-cgroups-"));
  proc = {
    "/proc/self/mountinfo": `30 20 0:26 / ${top} rw shared:9 - cgroup2 cgroup2 rw\n`,
    "/proc/self/cgroup": "0::/user.slice\n",
    [`/proc/${PID}/cgroup`]: "0::/box/init.scope\n",
  };
  write("cgroup.controllers", "cpu memory\n");
  write("box/cgroup.subtree_control", "");
  write("box/cgroup.procs", "");
  const port = fsPort();
  const readFile: Port["readFile"] = (path, max) => proc[path] ?? (port.readFile as Port["readFile"])(path, max);
  usePort({ ...port, readFile });
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(top, name)), { recursive: true });
  writeFileSync(join(top, name), text);
}

const joined = (paths: Record<string, string>, subs: Record<string, string> = {}) =>
  execCgroups({ id: "c1", pid: PID, cgroupPaths: paths } as unknown as ContainerRecord, new Map(Object.entries(subs)));

describe("v2", () => {
  const unified = () => join(top, "box");

  test("the container's own, or below it", () => {
    expect(joined({ unified: unified() })).toEqual({ unified: unified() });
    expect(joined({ unified: unified() }, { "": "a/./b/" })).toEqual({ unified: `${unified()}/a/b` });
    expect(joined({ unified: unified() }, { "": "/" })).toEqual({ unified: unified() });
  });

  test("beside init where its own hands controllers on, unless / is asked for", () => {
    write("box/cgroup.subtree_control", "cpu memory\n");
    expect(joined({ unified: unified() })).toEqual({ unified: join(top, "box/init.scope") });
    expect(joined({ unified: unified() }, { "": "/" })).toEqual({ unified: unified() });
    proc[`/proc/${PID}/cgroup`] = "";
    expect(joined({ unified: unified() })).toEqual({ unified: unified() });
  });

  test("has no controllers to name", () => {
    expect(() => joined({ unified: unified() }, { cpu: "a" })).toThrow("no cgroup of controller cpu");
    expect(() => joined({ unified: unified() }, { unified: "a" })).toThrow("no cgroup of controller unified");
  });
});

describe("v1", () => {
  const paths = { cpu: "/cg/cpu/box", cpuacct: "/cg/cpu/box", pids: "/cg/pids/box" };

  test("by controller, or all", () => {
    expect(joined(paths, { pids: "a" })).toEqual({ ...paths, pids: "/cg/pids/box/a" });
    expect(joined(paths, { "": "a" })).toEqual({
      cpu: "/cg/cpu/box/a",
      cpuacct: "/cg/cpu/box/a",
      pids: "/cg/pids/box/a",
    });
  });

  test("a path that leads out is refused", () => {
    for (const sub of ["..", "a/../b", "../box", "a\nb"]) {
      expect(() => joined(paths, { "": sub })).toThrow("not a path below");
    }
  });

  test("beside v1 the tree of v2 is joined below only where that is there", () => {
    const hybrid = { ...paths, unified: join(top, "box") };
    expect(joined(hybrid, { "": "part" }).unified).toBe(join(top, "box"));
    write("box/part/cgroup.procs", "");
    expect(joined(hybrid, { "": "part" }).unified).toBe(join(top, "box/part"));
  });
});
