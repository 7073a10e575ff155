import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type CommandOptions, type Outcome, succeeded } from "../../bundles/command.ts";
import type { Resources } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import { cgroupValue, hasFile, haveV1 } from "../support/cgroup.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, unlessPeer, when } from "../support/runtime.ts";

const box = useBox();
const MiB = 1024 * 1024;

const FILES: Readonly<Record<string, string>> = {
  limit: "memory/memory.limit_in_bytes",
  swap: "memory/memory.memsw.limit_in_bytes",
  reservation: "memory/memory.soft_limit_in_bytes",
  quota: "cpu/cpu.cfs_quota_us",
  period: "cpu/cpu.cfs_period_us",
  burst: "cpu/cpu.cfs_burst_us",
  shares: "cpu/cpu.shares",
  idle: "cpu/cpu.idle",
  cpus: "cpuset/cpuset.cpus",
  mems: "cpuset/cpuset.mems",
  pids: "pids/pids.max",
};

const START: Resources = {
  memory: { limit: 64 * MiB, swap: 128 * MiB, reservation: 32 * MiB },
  cpu: { shares: 512, quota: 50_000, period: 100_000 },
  pids: { limit: 50 },
};

async function running(resources: Resources = START): Promise<Container> {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
    Object.assign(config.linux.resources, resources);
  });
  await c.launch();
  return c;
}

function values(c: Container, names: readonly string[]): string[] {
  return names.map((name) => {
    const [controller = "", file = ""] = (FILES[name] ?? "").split("/");
    return cgroupValue(c.cgroup(controller) ?? "", file);
  });
}

const update = (c: Container, flags: readonly string[], options: CommandOptions = {}): Promise<Outcome> =>
  box.session.call(["update", ...flags, c.id], options);

const onV1 = when(haveV1 && hasFile("memory", "memory.memsw.limit_in_bytes"), "no v1 hierarchies with counted swap");

onV1("every flag changes its file, and nothing else", async () => {
  const c = await running();
  const all = ["limit", "swap", "reservation", "quota", "period", "shares", "pids", "cpus"];
  expect(values(c, all.slice(0, -1))).toEqual([64 * MiB, 128 * MiB, 32 * MiB, 50_000, 100_000, 512, 50].map(String));
  const steps: readonly (readonly [string, string, string, string])[] = [
    ["--memory", `${48 * MiB}`, "limit", `${48 * MiB}`],
    ["--memory-swap", "96m", "swap", `${96 * MiB}`],
    ["--memory-reservation", "16M", "reservation", `${16 * MiB}`],
    ["--cpu-quota", "30000", "quota", "30000"],
    ["--cpu-period", "200000", "period", "200000"],
    ["--cpu-share", "256", "shares", "256"],
    ["--pids-limit", "20", "pids", "20"],
    ["--cpuset-cpus", "0", "cpus", "0"],
  ];
  for (const [flag, value, name, expected] of steps) {
    const before = Object.fromEntries(all.map((one) => [one, values(c, [one])[0]]));
    succeeded(await update(c, [flag, value]));
    expect(Object.fromEntries(all.map((one) => [one, values(c, [one])[0]]))).toEqual({ ...before, [name]: expected });
  }
  expect((await c.state()).status).toBe("running");
});

const SMALLER = { memory: { limit: 32 * MiB, swap: 40 * MiB }, cpu: { shares: 100 }, pids: { limit: 10 } };

describe("--resources", () => {
  onV1("-r FILE", async () => {
    const c = await running();
    const file = join(c.bundle, "resources.json");
    writeFileSync(file, JSON.stringify(SMALLER));
    succeeded(await update(c, ["-r", file]));
    expect(values(c, ["limit", "swap", "shares", "pids"])).toEqual([`${32 * MiB}`, `${40 * MiB}`, "100", "10"]);
    expect(values(c, ["quota", "period", "reservation"])).toEqual(["50000", "100000", `${32 * MiB}`]);
  });

  for (const flags of [["-r", "-"], ["--resources", "-"], ["--resources=-"]]) {
    onV1(`${flags.join(" ")} reads stdin`, async () => {
      const c = await running();
      succeeded(await update(c, flags, { input: JSON.stringify(SMALLER) }));
      expect(values(c, ["limit", "swap", "pids"])).toEqual([`${32 * MiB}`, `${40 * MiB}`, "10"]);
    });
  }

  onV1("zeros leave all as it is, as dockerd sends them", async () => {
    const c = await running();
    const all = ["limit", "swap", "reservation", "quota", "period", "shares", "pids", "cpus", "mems"];
    const before = values(c, all);
    const zeros = {
      memory: { limit: 0, reservation: 0, swap: 0, kernel: 0 },
      cpu: { shares: 0, quota: 0, period: 0, realtimeRuntime: 0, realtimePeriod: 0, cpus: "", mems: "" },
      pids: { limit: 0 },
      blockIO: { weight: 0 },
    };
    succeeded(await update(c, ["--resources", "-"], { input: JSON.stringify(zeros) }));
    expect(values(c, all)).toEqual(before);
    const one = { ...zeros, memory: { ...zeros.memory, reservation: 16 * MiB } };
    succeeded(await update(c, ["--resources", "-"], { input: JSON.stringify(one) }));
    expect(values(c, all)).toEqual(before.map((value, at) => (at === 2 ? `${16 * MiB}` : value)));
  });

  onV1("what is no JSON, or of the wrong type, changes nothing", async () => {
    const c = await running();
    for (const input of ["{", "", '{"memory":{"limit":"much"}}', '{}},"process":{"args":["x"]']) {
      const outcome = await update(c, ["-r", "-"], { input });
      if (isTsrun || input === "{") expect(outcome.code).toBe(1);
    }
    expect(values(c, ["limit", "pids"])).toEqual([`${64 * MiB}`, "50"]);
  });

  unlessPeer(["runc", "crun"], "says nothing")("device rules that differ are a warning", async () => {
    const c = await running();
    const input = JSON.stringify({ devices: [{ allow: true, access: "rwm" }], pids: { limit: 7 } });
    expect(succeeded(await update(c, ["-r", "-"], { input })).stderr).toContain("device rules are not changed");
    expect(values(c, ["pids"])).toEqual(["7"]);
  });
});

describe("limits of which one depends on the other", () => {
  onV1("memory and swap, up and down", async () => {
    const c = await running();
    const up = ["--memory", `${256 * MiB}`, "--memory-swap", `${512 * MiB}`];
    succeeded(await update(c, up));
    expect(values(c, ["limit", "swap"])).toEqual([`${256 * MiB}`, `${512 * MiB}`]);
    succeeded(await update(c, ["--memory", `${32 * MiB}`, "--memory-swap", `${32 * MiB}`]));
    expect(values(c, ["limit", "swap"])).toEqual([`${32 * MiB}`, `${32 * MiB}`]);
  });

  onV1("-1 takes both memory limits away", async () => {
    const c = await running();
    succeeded(await update(c, ["--memory", "-1"]));
    const [limit = "", swap = ""] = values(c, ["limit", "swap"]);
    expect(BigInt(limit)).toBeGreaterThan(1n << 60n);
    expect(BigInt(swap)).toBeGreaterThan(1n << 60n);
    succeeded(await update(c, ["--pids-limit", "-1"]));
    expect(values(c, ["pids"])).toEqual(["max"]);
  });

  onV1("swap alone, and a limit above it", async () => {
    const c = await running();
    succeeded(await update(c, ["--memory-swap", "-1"]));
    expect(BigInt(values(c, ["swap"])[0] ?? "")).toBeGreaterThan(1n << 60n);
    succeeded(await update(c, ["--memory-swap", `${80 * MiB}`]));
    const refused = await update(c, ["--memory", `${100 * MiB}`]);
    expect(refused.code).toBe(1);
    if (isTsrun) expect(refused.stderr).toContain("can't be below limit");
    expect(values(c, ["limit", "swap"])).toEqual([`${64 * MiB}`, `${80 * MiB}`]);
  });

  onV1("quota and period, up and down", async () => {
    const c = await running();
    succeeded(await update(c, ["--cpu-quota", "5000", "--cpu-period", "5000"]));
    expect(values(c, ["quota", "period"])).toEqual(["5000", "5000"]);
    succeeded(await update(c, ["--cpu-quota", "600000", "--cpu-period", "1000000"]));
    expect(values(c, ["quota", "period"])).toEqual(["600000", "1000000"]);
    succeeded(await update(c, ["--cpu-quota", "-1"]));
    expect(values(c, ["quota"])).toEqual(["-1"]);
  });

  when(isTsrun && hasFile("cpu", "cpu.cfs_burst_us"), "of tsrun alone; needs cpu.cfs_burst_us")("burst", async () => {
    const c = await running();
    succeeded(await update(c, ["--cpu-burst", "20000"]));
    expect(values(c, ["burst", "quota"])).toEqual(["20000", "50000"]);
    succeeded(await update(c, ["--cpu-quota", "20000"]));
    expect((await update(c, ["--cpu-quota", "10000"])).stderr).toContain("above quota");
    succeeded(await update(c, ["--cpu-burst", "5000", "--cpu-quota", "10000"]));
    expect(values(c, ["burst", "quota"])).toEqual(["5000", "10000"]);
  });

  when(isTsrun && hasFile("cpu", "cpu.idle"), "of tsrun alone; needs cpu.idle")("idle", async () => {
    const c = await running();
    succeeded(await update(c, ["--cpu-idle", "1"]));
    expect(values(c, ["idle"])).toEqual(["1"]);
    succeeded(await update(c, ["--cpu-idle", "0", "--cpu-share", "333"]));
    expect(values(c, ["idle", "shares"])).toEqual(["0", "333"]);
  });
});

describe("what can't be", () => {
  unlessPeer(["crun"], "words of its own")("a stopped container, one that is not there, wrong values", async () => {
    const c = await running();
    for (const flags of [
      ["--pids-limit", "many"],
      ["--memory", "12q"],
      ["--cpu-period", "-5"],
      ["--cpuset-cpus", "0-999"],
    ]) {
      expect((await update(c, flags)).code).toBe(1);
    }
    succeeded(await c.kill("KILL"));
    await c.reaches("stopped");
    const stopped = await update(c, ["--pids-limit", "5"]);
    expect(stopped.code).toBe(1);
    if (isTsrun) expect(stopped.stderr).toContain("not running");
    expect((await box.session.call(["update", "--pids-limit", "5", "not-there"])).stderr).toContain("does not exist");
  });

  unlessPeer(["runc", "crun"], "leaves a part written")(
    "a value that the kernel refuses undoes the others",
    async () => {
      const c = await running();
      const input = JSON.stringify({
        cpu: { shares: 99, cpus: "0", quota: 70_000, period: 1 },
        memory: { limit: 50 * MiB },
      });
      const before = values(c, ["limit", "swap", "shares", "cpus", "quota", "period"]);
      const outcome = await update(c, ["-r", "-"], { input });
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain("cpu.cfs_period_us: write 1: invalid argument");
      expect(values(c, ["limit", "swap", "shares", "cpus", "quota", "period"])).toEqual(before);
      // Not kept either: the next update writes only what it is asked for.
      succeeded(await update(c, ["--cpu-quota", "40000"]));
      expect(values(c, ["quota", "period"])).toEqual(["40000", "100000"]);
    },
  );

  test("a limit below the usage is refused by the kernel, and told", async () => {
    const c = await running();
    const outcome = await update(c, ["--memory", "4096"]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("memory");
    expect((await c.state()).status).toBe("running");
  });
});
