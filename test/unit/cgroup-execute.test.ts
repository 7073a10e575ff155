import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { makeCgroup, missingParents, writeCgroup } from "../../runtime/cgroups/execute.ts";
import { probeCgroups } from "../../runtime/cgroups/layout.ts";
import { planCgroups } from "../../runtime/cgroups/plan.ts";
import type { CgroupPlan, Resources } from "../../runtime/cgroups/types.ts";
import { EBUSY, EINVAL, ENOENT } from "../../runtime/linux/errno.ts";
import { refusal } from "../support/cgroup-layouts.ts";
import { FAKE_HOSTS, type FakeCgroups, type FakeTree, fakeCgroups } from "../support/fake-cgroups.ts";

let fake: FakeCgroups | undefined;
afterEach(() => fake?.remove());

function host(trees: readonly FakeTree[], onWrite?: (file: string, value: string) => void): FakeCgroups {
  fake = fakeCgroups(trees, {}, { onWrite });
  return fake;
}

interface Walked {
  readonly plan: CgroupPlan;
  readonly made: string[];
  readonly warnings: string[];
}

/** Plans for this host and walks the steps, as create does. */
function walk(resources?: Resources, cgroupsPath: string | undefined = "/tsrun/box"): Walked {
  const plan = planCgroups({ layout: probeCgroups(), id: "box", cgroupsPath, resources });
  const made: string[] = [];
  const warnings: string[] = [];
  for (const step of [...plan.steps, ...plan.lateSteps]) {
    if (step.step === "makeCgroup") made.push(...makeCgroup(step));
    else if (step.step === "writeCgroup")
      writeCgroup(step, (message, pointer) => warnings.push(`${message} (${pointer})`));
  }
  return { plan, made, warnings };
}

function text(...path: string[]): string {
  return readFileSync(join(fake?.top ?? "", ...path), "utf8").trim();
}

function put(path: string, value: string): void {
  writeFileSync(join(fake?.top ?? "", path), value);
}

/** Without the writes that every container causes. */
function ownWrites(): string[] {
  const all = fake?.writes ?? [];
  return all.filter(([file]) => !/devices\.|subtree_control/.test(file)).map(([file, value]) => `${file} = ${value}`);
}

function fail(errno: number): never {
  throw Object.assign(new Error("refused"), { syscall: "write", errno });
}

describe("making cgroups", () => {
  test.each([
    ["v1", FAKE_HOSTS.v1(), 9],
    ["hybrid", FAKE_HOSTS.hybrid(), 9],
    ["v2", FAKE_HOSTS.v2(), 1],
  ])("%s: every hierarchy has the directory and the parent that it needs", (_, trees, count) => {
    const { top } = host(trees);
    const { made, plan } = walk();
    expect(made).toHaveLength(2 * count);
    expect(new Set(made)).toEqual(
      new Set(trees.flatMap(({ at }) => [join(top, at, "tsrun"), join(top, at, "tsrun/box")])),
    );
    for (const directory of Object.values(plan.paths)) expect(existsSync(directory)).toBe(true);
  });

  test("relative: below our own cgroup on v1, beside it on v2", () => {
    host([...FAKE_HOSTS.hybrid("/").slice(0, 3)]);
    expect(walk(undefined, "").plan.paths.cpuset).toBe(`${fake?.top}/cpuset/box`);
    fake?.remove();
    const { top } = host(FAKE_HOSTS.v2("/session/app"));
    expect(walk(undefined, "deep/box").plan.into).toBe(`${top}/session/deep/box`);
    expect(existsSync(`${top}/session/deep/box`)).toBe(true);
  });

  test("each new level of a cpuset gets what the level above has", () => {
    host(FAKE_HOSTS.v1());
    put("cpuset/cpuset.cpus", "0-1\n");
    walk({ cpu: { cpus: "1" } }, "/a/b/c");
    expect(ownWrites()).toEqual([
      "cpuset/a/cpuset.cpus = 0-1",
      "cpuset/a/b/cpuset.cpus = 0-1",
      "cpuset/a/b/c/cpuset.cpus = 0-1",
      "cpuset/a/cpuset.mems = 0",
      "cpuset/a/b/cpuset.mems = 0",
      "cpuset/a/b/c/cpuset.mems = 0",
      "cpuset/a/b/c/cpuset.cpus = 1",
    ]);
  });

  test("a level of a cpuset that has a value keeps it and hands it on", () => {
    host(FAKE_HOSTS.v1());
    walk(undefined, "/a/one");
    put("cpuset/a/cpuset.cpus", "2\n");
    walk(undefined, "/a/two");
    expect(text("cpuset/a/cpuset.cpus")).toBe("2");
    expect(text("cpuset/a/two/cpuset.cpus")).toBe("2");
  });

  test("an empty cgroup that exists is taken, and not counted as made", () => {
    host(FAKE_HOSTS.v1());
    walk();
    expect(walk().made).toEqual([]);
  });

  test("a parent that vanishes between our two calls is made again", () => {
    let vanished = 0;
    fake = fakeCgroups(
      FAKE_HOSTS.v2(),
      {},
      {
        onMkdir(path) {
          if (!path.endsWith("/box") || vanished === 3) return;
          vanished += 1;
          rmSync(join(path, ".."), { recursive: true, force: true });
        },
      },
    );
    const { plan } = walk();
    expect(vanished).toBe(3);
    expect(existsSync(plan.into)).toBe(true);
  });

  test("a hierarchy that is gone is an error, not a search up to the root", () => {
    const { top } = host(FAKE_HOSTS.v2());
    const plan = planCgroups({ layout: probeCgroups(), id: "box", cgroupsPath: "/box", resources: undefined });
    rmSync(top, { recursive: true });
    const [make] = plan.steps;
    if (make?.step !== "makeCgroup") throw new Error("the plan begins with a make");
    expect(refusal(() => makeCgroup(make))).toBe(
      `E_CGROUP: cgroup ${top}/box: no such file or directory (config.json /linux/cgroupsPath)`,
    );
  });
});

test("the parents that are going to be made are known before", () => {
  const { top } = host(FAKE_HOSTS.hybrid());
  const missing = (cgroupsPath: string) => {
    const { steps } = planCgroups({ layout: probeCgroups(), id: "box", cgroupsPath, resources: undefined });
    return missingParents(steps.filter((step) => step.step === "makeCgroup"));
  };
  expect(missing("/box")).toEqual([]);
  expect(missing("/a/b/box")).toHaveLength(2 * 9);
  expect(missing("/a/b/box")).toContain(`${top}/memory/a/b`);
  const { made } = walk(undefined, "/a/box");
  expect(made).toHaveLength(2 * 9);
  expect(missing("/a/b/box")).toHaveLength(9);
  expect(missing("/a/other")).toEqual([]);
});

describe("v2 controllers", () => {
  test("are enabled from the root down, in one write for each level", () => {
    host(FAKE_HOSTS.v2());
    walk({ memory: { limit: 4096000 } }, "/a/b/c");
    const all = "+cpuset +cpu +io +memory +hugetlb +pids";
    expect(fake?.writes.filter(([file]) => file.endsWith("subtree_control"))).toEqual([
      ["cgroup.subtree_control", all],
      ["a/cgroup.subtree_control", all],
      ["a/b/cgroup.subtree_control", all],
    ]);
    expect(text("a/b/c/memory.max")).toBe("4096000");
  });

  test("that are on already are left alone", () => {
    host(FAKE_HOSTS.v2());
    walk();
    const before = fake?.writes.length;
    walk(undefined, "/tsrun/other");
    expect(fake?.writes.length).toBe(before);
  });

  test("that can't be enabled are missed only by who needs them", () => {
    const refuseCpu = (file: string, value: string) => {
      if (file.endsWith("subtree_control") && value.includes("+cpu ")) fail(EBUSY);
      if (file.endsWith("subtree_control") && value === "+cpu") fail(EBUSY);
    };
    host(FAKE_HOSTS.v2(), refuseCpu);
    const { plan } = walk({ pids: { limit: 3 } });
    expect(text("tsrun/box/pids.max")).toBe("3");
    expect(existsSync(`${plan.into}/cpu.weight`)).toBe(false);
    fake?.remove();
    const { top } = host(FAKE_HOSTS.v2(), refuseCpu);
    expect(refusal(() => walk({ cpu: { shares: 10 } }))).toBe(
      `E_CGROUP: cgroup ${top}: enable cpu: device or resource busy (config.json /linux/cgroupsPath)`,
    );
    expect(existsSync(`${top}/tsrun`)).toBe(false);
  });

  test("beside v1 the tree is touched only for what it alone has", () => {
    host(FAKE_HOSTS.hybrid());
    walk({ memory: { limit: 4096000 } });
    expect(fake?.writes.filter(([file]) => file.includes("subtree_control"))).toEqual([]);
    walk({ hugepageLimits: [{ pageSize: "2MB", limit: 0 }] }, "/tsrun/huge");
    expect(fake?.writes.filter(([file]) => file.includes("subtree_control"))).toEqual([
      ["unified/cgroup.subtree_control", "+hugetlb"],
      ["unified/tsrun/cgroup.subtree_control", "+hugetlb"],
    ]);
    expect(text("unified/tsrun/huge/hugetlb.2MB.rsvd.max")).toBe("0");
  });
});

describe("cgroups that are not fit", () => {
  test.each([
    ["one process", "4711\n", "1 process"],
    ["several", "4711\n4712\n", "2 processes"],
  ])("with %s: refused, and what was made is left to undo", (_, procs, count) => {
    const { top } = host(FAKE_HOSTS.v1());
    walk();
    put("memory/tsrun/box/cgroup.procs", procs);
    expect(refusal(() => walk())).toBe(
      `E_CGROUP: cgroup ${top}/memory/tsrun/box: is in use by ${count} (config.json /linux/cgroupsPath)`,
    );
  });

  test("with processes further down", () => {
    const { top } = host(FAKE_HOSTS.v2());
    walk(undefined, "/tsrun/box/inner");
    put("tsrun/box/inner/cgroup.procs", "4711\n");
    expect(refusal(() => walk())).toContain(`cgroup ${top}/tsrun/box: is in use by 1 process`);
  });

  test.each([
    ["v1", FAKE_HOSTS.v1(), "freezer/tsrun/box/freezer.state", "FROZEN\n", "freezer/tsrun/box"],
    ["v1, on the way", FAKE_HOSTS.v1(), "freezer/tsrun/box/freezer.state", "FREEZING\n", "freezer/tsrun/box"],
    ["v2", FAKE_HOSTS.v2(), "tsrun/box/cgroup.events", "populated 0\nfrozen 1\n", "tsrun/box"],
    ["hybrid", FAKE_HOSTS.hybrid(), "unified/tsrun/box/cgroup.events", "populated 0\nfrozen 1\n", "unified/tsrun/box"],
  ])("frozen: %s", (_, trees, file, state, directory) => {
    const { top } = host(trees);
    walk();
    put(file, state);
    expect(refusal(() => walk())).toBe(
      `E_CGROUP: cgroup ${top}/${directory}: is frozen (config.json /linux/cgroupsPath)`,
    );
  });

  test("a refused make leaves nothing of its own behind", () => {
    const { top } = host(FAKE_HOSTS.v1(), (file) => {
      if (file.endsWith("box/cpuset.mems")) fail(EINVAL);
    });
    expect(refusal(() => walk())).toBe(
      `E_CGROUP: cgroup ${top}/cpuset/tsrun/box: invalid argument (config.json /linux/cgroupsPath)`,
    );
    expect(existsSync(`${top}/cpuset/tsrun`)).toBe(false);
  });
});

describe("writing", () => {
  const LIMIT = "memory/tsrun/box/memory.limit_in_bytes";
  const WITH_SWAP = "memory/tsrun/box/memory.memsw.limit_in_bytes";

  test("integers arrive with every digit", () => {
    host(FAKE_HOSTS.v1());
    const rate = 18446744073709551615n;
    walk({
      memory: { limit: 9223372036854771712n },
      blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate }] },
    });
    expect(text(LIMIT)).toBe("9223372036854771712");
    expect(text("blkio/tsrun/box/blkio.throttle.read_bps_device")).toBe("8:0 18446744073709551615");
  });

  test("device rules go in one by one", () => {
    host(FAKE_HOSTS.v1());
    walk({
      devices: [
        { allow: false, access: "rwm" },
        { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
      ],
    });
    const written = (fake?.writes ?? []).filter(([file]) => file.includes("/devices."));
    expect(written[0]).toEqual(["devices/tsrun/box/devices.deny", "a *:* rwm"]);
    expect(written).toHaveLength(13);
    expect(written.every(([, value]) => /^[abc] (\*|\d+):(\*|\d+) [rwm]+$/.test(value))).toBe(true);
    expect(written[1]).toEqual(["devices/tsrun/box/devices.allow", "c 10:229 rw"]);
  });

  test("a limit that is blocked by an old limit with swap is set after it", () => {
    /** As the kernel: the limit never exceeds the limit with swap. */
    const kernel = (file: string, value: string) => {
      if (file.endsWith(LIMIT) && BigInt(value) > BigInt(text(WITH_SWAP))) fail(EINVAL);
      if (file.endsWith(WITH_SWAP) && BigInt(value) < BigInt(text(LIMIT))) fail(EINVAL);
    };
    host(FAKE_HOSTS.v1(), kernel);
    for (const limit of [1000, 5000, 2000, 2000]) {
      walk({ memory: { limit, swap: limit } });
      expect([text(LIMIT), text(WITH_SWAP)]).toEqual([String(limit), String(limit)]);
    }
  });

  test("a period that is blocked by an old quota is set after it", () => {
    const [period, quota] = ["cpu,cpuacct/tsrun/box/cpu.cfs_period_us", "cpu,cpuacct/tsrun/box/cpu.cfs_quota_us"];
    /** As the kernel under a parent with a limit of one CPU. */
    const kernel = (file: string, value: string) => {
      if (file.endsWith(period) && Number(text(quota)) > Number(value)) fail(EINVAL);
      if (file.endsWith(quota) && Number(value) > Number(text(period))) fail(EINVAL);
    };
    host(FAKE_HOSTS.v1(), kernel);
    for (const [newPeriod, newQuota] of [
      [100000, 90000],
      [50000, 20000],
      [200000, 150000],
    ] as const) {
      walk({ cpu: { period: newPeriod, quota: newQuota } });
      expect([text(period), text(quota)]).toEqual([String(newPeriod), String(newQuota)]);
    }
  });

  test.each([
    ["v1", FAKE_HOSTS.v1(), "1GB", "hugetlb/tsrun/box/hugetlb.1GB.limit_in_bytes", "rsvd.limit_in_bytes"],
    ["v1, old", FAKE_HOSTS.v1(), "2MB", "hugetlb/tsrun/box/hugetlb.2MB.limit_in_bytes", undefined],
    ["v2", FAKE_HOSTS.v2(), "2MB", "tsrun/box/hugetlb.2MB.max", "rsvd.max"],
  ])("huge pages: faults, and reservations where the kernel counts them (%s)", (_, trees, pageSize, file, rsvd) => {
    host(trees);
    walk({ hugepageLimits: [{ pageSize, limit: 5 }] });
    const both = [file, ...(rsvd === undefined ? [] : [file.replace(/[^.]*$/, rsvd)])];
    expect(ownWrites().slice(-both.length)).toEqual(both.map((each) => `${each} = 5`));
  });

  test("weights go to whichever file the kernel has", () => {
    host(FAKE_HOSTS.v1());
    walk({ blockIO: { weight: 500 } });
    expect(text("blkio/tsrun/box/blkio.bfq.weight")).toBe("500");
    fake?.remove();
    host(FAKE_HOSTS.v2());
    walk({ blockIO: { weight: 500 } });
    expect(text("tsrun/box/io.weight")).toBe("4950");
  });

  test("a file that the kernel lacks is named", () => {
    host(FAKE_HOSTS.v1());
    expect(refusal(() => walk({ blockIO: { leafWeight: 10 } }))).toBe(
      "E_CGROUP: blkio.leaf_weight: write 10: this kernel has no such file (config.json /linux/resources/blockIO/leafWeight)",
    );
    expect(refusal(() => walk({ cpu: { realtimeRuntime: 10 } }))).toBe(
      "E_CGROUP: cpu.rt_runtime_us: write 10: this kernel has no such file (config.json /linux/resources/cpu/realtimeRuntime)",
    );
  });

  test("what the kernel lacks and nobody would notice is left", () => {
    host(FAKE_HOSTS.v2(), (file) => {
      if (file.endsWith("memory.swap.max")) fail(ENOENT);
    });
    walk({ memory: { limit: 1000, swap: 1000 } });
    walk({ memory: { limit: -1 } });
    expect(refusal(() => walk({ memory: { limit: 1000, swap: 2000 } }))).toBe(
      "E_CGROUP: memory.swap.max: write 1000: this kernel has no such file (config.json /linux/resources/memory/swap)",
    );
  });

  test("what is only hinted at by the config is a warning when it fails", () => {
    host(FAKE_HOSTS.v1(), (file) => {
      if (file.endsWith("use_hierarchy")) fail(EINVAL);
    });
    const { warnings, plan } = walk({ memory: { useHierarchy: false, kernel: 4096, kernelTCP: 8192 } });
    expect(warnings).toEqual([
      "memory.use_hierarchy: write 0: invalid argument (/linux/resources/memory/useHierarchy)",
      "memory.kmem.limit_in_bytes: write 4096: this kernel has no such file (/linux/resources/memory/kernel)",
    ]);
    expect(plan.warnings.map(({ pointer }) => pointer)).toEqual(["/linux/resources/memory/kernel"]);
  });

  test("the kernel's reason, with file, value and pointer", () => {
    host(FAKE_HOSTS.v1(), (file) => {
      if (file.endsWith("limit_in_bytes")) fail(EBUSY);
    });
    expect(refusal(() => walk({ memory: { limit: 4096 } }))).toBe(
      "E_CGROUP: memory.limit_in_bytes: write 4096: device or resource busy (config.json /linux/resources/memory/limit)",
    );
  });

  test("a limit below the usage is refused on v2 when the config wants that", () => {
    host(FAKE_HOSTS.v2());
    expect(refusal(() => walk({ memory: { limit: 4096, checkBeforeUpdate: true } }))).toBe(
      "E_CGROUP: memory.max: 4096 is below the usage of 8192 (config.json /linux/resources/memory/limit)",
    );
    walk({ memory: { limit: 4096 } });
    expect(text("tsrun/box/memory.max")).toBe("4096");
    walk({ memory: { limit: 18446744073709551615n, checkBeforeUpdate: true } });
  });

  test("unified values of several lines are several writes", () => {
    host(FAKE_HOSTS.v2());
    walk({ unified: { "io.max": "8:0 rbps=1\n8:16 rbps=2\n" } });
    expect(ownWrites()).toEqual(["tsrun/box/io.max = 8:0 rbps=1", "tsrun/box/io.max = 8:16 rbps=2"]);
  });
});
