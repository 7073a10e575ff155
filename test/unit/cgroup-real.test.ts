/** The same code on this machine's own cgroups, under a name that is nobody else's. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { isFrozen, processesIn, removeCgroups, setFrozen, signalAll } from "../../runtime/cgroups/control.ts";
import { makeCgroup, writeCgroup } from "../../runtime/cgroups/execute.ts";
import { type CgroupLayout, probeCgroups } from "../../runtime/cgroups/layout.ts";
import { planCgroups } from "../../runtime/cgroups/plan.ts";
import type { CgroupPlan, Resources } from "../../runtime/cgroups/types.ts";
import { refusal } from "../support/cgroup-layouts.ts";
import { fsPort, usePort } from "../support/fs-port.ts";

const SIGTERM = 15;
const NAME = `/tsrun-test-${process.pid}`;

usePort(fsPort());

function reasonToSkip(): string {
  if (process.getuid?.() !== 0) return "not root";
  const { hierarchies, unified } = probeCgroups();
  const writable = [...hierarchies, ...(unified === null ? [] : [unified])].filter((tree) => tree.writable);
  return writable.length === 0 ? "no writable cgroup tree" : "";
}

const skipped = reasonToSkip();
if (skipped !== "") console.warn(`cgroup-real.test: skipped: ${skipped}`);

function has(layout: CgroupLayout, controller: string): boolean {
  const trees = [...layout.hierarchies, ...(layout.unified === null ? [] : [layout.unified])];
  return trees.some((tree) => tree.writable && tree.controllers.includes(controller));
}

/** Limits for the controllers that this machine has. */
function limits(layout: CgroupLayout): Resources {
  return {
    ...(has(layout, "memory") ? { memory: { limit: 209715200, reservation: 104857600 } } : {}),
    ...(has(layout, "cpu") ? { cpu: { shares: 512, quota: 20000, period: 100000 } } : {}),
    ...(has(layout, "pids") ? { pids: { limit: 37 } } : {}),
  };
}

(skipped === "" ? describe : describe.skip)("on this machine", () => {
  let made: string[] = [];
  let plan: CgroupPlan;
  const children: ChildProcess[] = [];

  function walk(resources: Resources): void {
    plan = planCgroups({ layout: probeCgroups(), id: "box", cgroupsPath: `${NAME}/box`, resources });
    for (const step of plan.steps) {
      if (step.step === "makeCgroup") made.push(...makeCgroup(step));
      else if (step.step === "writeCgroup") writeCgroup(step, () => undefined);
    }
  }

  /** A process that puts itself where init would be, then sleeps. */
  async function inhabit(): Promise<number> {
    const files = [...plan.joins.map(({ path }) => path), ...(plan.into === "" ? [] : [`${plan.into}/cgroup.procs`])];
    const script = `${files.map((file) => `echo 0 > '${file}'`).join("; ")}; echo in; exec sleep 1000`;
    const child = spawn("/bin/sh", ["-ec", script], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await new Promise((resolve, reject) => {
      child.stdout?.once("data", resolve);
      child.once("exit", () => reject(new Error("the process did not get in")));
    });
    return child.pid ?? 0;
  }

  beforeEach(() => {
    made = [];
    walk(limits(probeCgroups()));
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await removeCgroups(plan.paths, { kill: true, made });
    expect(made.filter(existsSync)).toEqual([]);
  });

  test("limits arrive", () => {
    const { memory, pids } = plan.paths;
    if (pids !== undefined) expect(readFileSync(`${pids}/pids.max`, "utf8")).toBe("37\n");
    if (memory !== undefined) expect(readFileSync(`${memory}/memory.limit_in_bytes`, "utf8")).toBe("209715200\n");
    const { cpuset } = plan.paths;
    if (cpuset !== undefined) expect(readFileSync(`${cpuset}/cpuset.cpus`, "utf8").trim()).not.toBe("");
    for (const step of plan.steps) {
      if (step.step === "makeCgroup") expect(existsSync(step.path)).toBe(true);
    }
  });

  test("a kernel's refusal is told with file, value and pointer", () => {
    const { memory } = plan.paths;
    const resources: Resources =
      memory === undefined
        ? { unified: { "cgroup.max.depth": "x" } }
        : { memory: { limit: 1, swap: 1, swappiness: 0 }, cpu: { cpus: "4000" } };
    const message = refusal(() => walk(resources));
    expect(message).toMatch(
      memory === undefined
        ? /^E_CGROUP: cgroup.max.depth: write x: invalid argument \(config.json \/linux\/resources\/unified\/cgroup.max.depth\)$/
        : /^E_CGROUP: cpuset.cpus: write 4000: [a-z ]+ \(config.json \/linux\/resources\/cpu\/cpus\)$/,
    );
  });

  test("who is in is seen, is not disturbed by a second create, freezes, gets signals, and is killed with the rest", async () => {
    const pid = await inhabit();
    expect(processesIn(plan.paths)).toEqual([pid]);
    expect(refusal(() => walk({}))).toMatch(/^E_CGROUP: cgroup \S+: is in use by 1 process/);
    await removeCgroups(plan.paths, { kill: false });
    expect(processesIn(plan.paths)).toEqual([pid]);
    await setFrozen(plan.paths, true);
    expect(isFrozen(plan.paths)).toBe(true);
    expect(refusal(() => walk({}))).toMatch(/^E_CGROUP: /);
    await removeCgroups(plan.paths, { kill: true, made });
    expect(made.filter(existsSync)).toEqual([]);
    expect(processesIn(plan.paths)).toEqual([]);
  });

  test("a signal for all", async () => {
    await inhabit();
    const ended = new Promise((resolve) => children[0]?.once("exit", (_, signal) => resolve(signal)));
    signalAll(plan.paths, SIGTERM);
    expect(await ended).toBe("SIGTERM");
  });
});
