import { describe, expect, test } from "@jest/globals";
import { planUpdate } from "../../runtime/cgroups/update.ts";
import { Flags } from "../../runtime/commands/invocation.ts";
import { resourcesOf } from "../../runtime/commands/update.ts";
import { mergeResources } from "../../runtime/container/resources.ts";
import { hybridHost, v1Host, v2Host } from "../support/cgroup-layouts.ts";
import { fakePort } from "../support/fake-port.ts";

fakePort([], [], {});

const flags = (given: Record<string, string>) =>
  resourcesOf(new Flags(new Map(Object.entries(given).map(([name, value]) => [name, [value]]))));

describe("flags", () => {
  test("every flag is its property", () => {
    const given = {
      "blkio-weight": "100",
      "cpu-period": "1",
      "cpu-quota": "-1",
      "cpu-burst": "3",
      "cpu-share": "4",
      "cpu-rt-period": "5",
      "cpu-rt-runtime": "6",
      "cpu-idle": "0",
      "cpuset-cpus": "0-1",
      "cpuset-mems": "0",
      "kernel-memory": "7",
      "kernel-memory-tcp": "8",
      memory: "9",
      "memory-reservation": "10",
      "memory-swap": "-1",
      "pids-limit": "-1",
    };
    expect(flags(given)).toEqual({
      blockIO: { weight: 100 },
      cpu: {
        period: 1,
        quota: -1,
        burst: 3,
        shares: 4,
        realtimePeriod: 5,
        realtimeRuntime: 6,
        idle: 0,
        cpus: "0-1",
        mems: "0",
      },
      memory: { kernel: 7, kernelTCP: 8, limit: 9, reservation: 10, swap: -1 },
      pids: { limit: -1 },
    });
    expect(flags({ memory: "" })).toEqual({});
  });

  test.each([
    ["0", 0],
    ["4096", 4096],
    ["10b", 10],
    ["1k", 1024],
    ["64m", 64 << 20],
    ["64MB", 64 << 20],
    ["64 MiB", 64 << 20],
    ["1.5g", 1.5 * 2 ** 30],
    ["2T", 2 * 2 ** 40],
    ["8191p", 8191 * 2 ** 50],
    ["9223372036854771712", 9223372036854771712n],
    ["9007199254740993", 9007199254740993n],
    ["-1", -1],
  ])("--memory %s", (text, limit) => {
    const expected = typeof limit === "number" && !Number.isSafeInteger(limit) ? BigInt(limit) : limit;
    expect(flags({ memory: text })).toEqual({ memory: { limit: expected } });
  });

  test.each([
    ["memory", "-2"],
    ["memory", "1x"],
    ["memory", "m"],
    ["memory", "1e3"],
    ["memory", "8192p"],
    ["memory", "9".repeat(20)],
    ["cpu-share", "-1"],
    ["cpu-quota", "1.5"],
    ["pids-limit", "max"],
    ["cpu-period", "18446744073709551615"],
  ])("--%s %s is refused", (flag, text) => {
    expect(() => flags({ [flag]: text })).toThrow(`--${flag} ${text}: not a number`);
  });
});

describe("merging", () => {
  const saved = {
    memory: { limit: 100, swap: 200, reservation: 50 },
    cpu: { shares: 512, quota: 10, period: 100, burst: 5 },
    pids: { limit: 9 },
    unified: { "memory.high": "90" },
    devices: [{ allow: false, access: "rwm" }],
    blockIO: {
      throttleReadBpsDevice: [
        { major: 8, minor: 0, rate: 1 },
        { major: 8, minor: 16, rate: 2 },
      ],
    },
  };

  test("zeros and empty values ask for nothing", () => {
    const zeros = {
      memory: { limit: 0, swap: 0 },
      cpu: { quota: 0, burst: 0, cpus: "" },
      pids: { limit: 0 },
      hugepageLimits: [],
    };
    expect(mergeResources(saved, zeros)).toEqual({ all: saved, written: {} });
    expect(mergeResources({}, { cpu: { idle: 0 } }).written).toEqual({ cpu: { idle: 0 } });
  });

  test("what the kernel judges together is written together", () => {
    expect(mergeResources(saved, { memory: { limit: 150 } }).written).toEqual({ memory: { limit: 150, swap: 200 } });
    expect(mergeResources(saved, { cpu: { period: 50 } }).written).toEqual({
      cpu: { quota: 10, period: 50, burst: 5 },
    });
    expect(mergeResources(saved, { cpu: { shares: 2 }, memory: { reservation: 1 } }).written).toEqual({
      cpu: { shares: 2 },
      memory: { reservation: 1 },
    });
  });

  test("a limit of -1 takes the limit with swap away, unless that is given", () => {
    expect(mergeResources(saved, { memory: { limit: -1 } }).all.memory).toEqual({
      limit: -1,
      swap: -1,
      reservation: 50,
    });
    expect(mergeResources(saved, { memory: { limit: -1n, swap: 7 } }).all.memory).toMatchObject({ swap: 7 });
  });

  test("lists and maps change entry by entry, devices not at all", () => {
    const given = {
      devices: [{ allow: true, access: "r" }],
      unified: { "memory.low": "1" },
      blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 16, rate: 0 }] },
    };
    const { all, written } = mergeResources(saved, given);
    expect(all.devices).toEqual(saved.devices);
    expect(all.unified).toEqual({ "memory.high": "90", "memory.low": "1" });
    expect(all.blockIO?.throttleReadBpsDevice).toEqual([
      { major: 8, minor: 0, rate: 1 },
      { major: 8, minor: 16, rate: 0 },
    ]);
    expect(written).toEqual({ unified: given.unified, blockIO: given.blockIO });
  });
});

describe("planning", () => {
  const lines = (steps: ReturnType<typeof planUpdate>["steps"]) => steps.map(({ file, value }) => `${file} = ${value}`);

  test("writes go to the saved directories, whatever this process's own cgroup is", () => {
    const paths = { memory: "/cg/memory/old/place", cpu: "/cg/cpu,cpuacct/old/place", pids: "/cg/pids/old/place" };
    const resources = { memory: { limit: 4096, swap: 8192 }, cpu: { shares: 3 }, pids: { limit: -1 } };
    expect(lines(planUpdate(v1Host(), paths, resources).steps)).toEqual([
      "/cg/memory/old/place/memory.limit_in_bytes = 4096",
      "/cg/memory/old/place/memory.memsw.limit_in_bytes = 8192",
      "/cg/cpu,cpuacct/old/place/cpu.shares = 3",
      "/cg/pids/old/place/pids.max = max",
    ]);
    expect(() => planUpdate(v1Host(["memory"]), { memory: "/cg/memory/a" }, { pids: { limit: 5 } })).toThrow("pids");
  });

  test("v2: one file for quota and period, swap without memory", () => {
    const merged = mergeResources(
      { cpu: { period: 50_000 }, memory: { limit: 100, swap: 300 } },
      {
        cpu: { quota: 20_000 },
        memory: { limit: 120 },
        pids: { limit: 4 },
      },
    );
    expect(lines(planUpdate(v2Host(), { unified: "/cg/a/b" }, merged.written).steps)).toEqual([
      "/cg/a/b/memory.swap.max = 180",
      "/cg/a/b/memory.max = 120",
      "/cg/a/b/cpu.max = 20000 50000",
      "/cg/a/b/pids.max = 4",
    ]);
    const real = { cpu: { realtimeRuntime: 5 } };
    expect(() => planUpdate(v2Host(), { unified: "/cg/a/b" }, real)).toThrow("no real-time limits");
  });

  test("hybrid: each in its own tree", () => {
    const paths = { pids: "/cg/pids/x", unified: "/cg/unified/x" };
    const resources = { pids: { limit: 4 }, hugepageLimits: [{ pageSize: "2MB", limit: 0 }] };
    const { steps } = planUpdate(hybridHost(), paths, resources);
    expect(lines(steps)).toContain("/cg/pids/x/pids.max = 4");
    expect(lines(steps)).toEqual(expect.arrayContaining(["/cg/unified/x/hugetlb.2MB.max = 0"]));
    expect(lines(steps).join("\n")).toContain("/cg/unified/x/hugetlb.2MB.rsvd.max = 0");
  });
});
