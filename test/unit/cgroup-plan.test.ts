import { describe, expect, test } from "@jest/globals";
import { joinsOf } from "../../runtime/cgroups/plan.ts";
import type { Resources } from "../../runtime/cgroups/types.ts";
import { hybridHost, lines, planFor, refusal, v1Host, v2Host, writes } from "../support/cgroup-layouts.ts";

const UINT64_MAX = 18446744073709551615n;
/** What v1 shows for "no limit". */
const PAGE_COUNTER_MAX = 9223372036854771712n;

const EVERYTHING: Resources = {
  cpu: { shares: 512, quota: 20000, period: 100000, burst: 1000, cpus: "0-1", mems: "0", idle: 0 },
  memory: { limit: 209715200, reservation: 104857600, swap: 419430400, checkBeforeUpdate: true, useHierarchy: true },
  pids: { limit: 100 },
  blockIO: {
    weight: 500,
    weightDevice: [{ major: 8, minor: 0, weight: 300 }],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1048576 }],
    throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: UINT64_MAX }],
    throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 0 }],
    throttleWriteIOPSDevice: [
      { major: 8, minor: 0, rate: 10 },
      { major: 8, minor: 16, rate: 20 },
    ],
  },
  hugepageLimits: [
    { pageSize: "2MB", limit: 209715200 },
    { pageSize: "1GB", limit: 0 },
  ],
  rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 }, "a/b": { hcaObjects: 1 }, none: {} },
};

const V1_ONLY: Resources = {
  cpu: { realtimeRuntime: 950000, realtimePeriod: 1000000 },
  memory: { swappiness: 10, disableOOMKiller: true, kernel: 1048576, kernelTCP: 2097152, useHierarchy: false },
  blockIO: { leafWeight: 10, weightDevice: [{ major: 8, minor: 0, leafWeight: 20 }] },
  network: { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] },
};

/** What clients send for "nothing asked". */
const ZEROS: Resources = {
  cpu: { shares: 0, quota: 0, period: 0, burst: 0, realtimeRuntime: 0, realtimePeriod: 0, cpus: "", mems: "" },
  memory: { limit: 0, reservation: 0, swap: 0, kernel: 0, kernelTCP: 0, disableOOMKiller: false },
  blockIO: { weight: 0, leafWeight: 0, weightDevice: [] },
  hugepageLimits: [],
  network: { classID: 0, priorities: [] },
  rdma: {},
  unified: {},
};

describe("the cgroup part of a plan", () => {
  test.each([
    ["v1", v1Host()],
    ["hybrid", hybridHost()],
    ["v2", v2Host()],
  ])("nothing asked: %s", (_, host) => expect(lines(planFor(host))).toMatchSnapshot());

  test("everything on v1", () => expect(lines(planFor(v1Host(), { ...EVERYTHING, ...{} }))).toMatchSnapshot());
  test("what only v1 has", () => expect(writes(v1Host(), V1_ONLY)).toMatchSnapshot());
  test("everything on v2", () => expect(lines(planFor(v2Host(), EVERYTHING))).toMatchSnapshot());
  test("hybrid: huge pages are limited in the v2 tree, the rest in v1", () => {
    const { cpu, memory, pids, hugepageLimits } = EVERYTHING as Required<Resources>;
    expect(lines(planFor(hybridHost(), { cpu, memory, pids, hugepageLimits }))).toMatchSnapshot();
  });

  test.each([
    ["v1", v1Host()],
    ["hybrid", hybridHost()],
    ["v2", v2Host()],
  ])("zeros mean leave it: %s", (_, host) => {
    expect(writes(host, ZEROS)).toEqual(writes(host, {}));
  });

  test("a container is the same to the kernel with and without cgroupsPath, but for the place", () => {
    const plan = planFor(hybridHost(), {}, { cgroupsPath: undefined });
    expect(plan.paths).toMatchObject({ memory: "/cg/memory/box", unified: "/cg/unified/user.slice/session.scope/box" });
    expect(new Set(plan.steps.map(({ from }) => from))).toEqual(new Set([""]));
  });

  test("paths name every controller and lead back to the joins", () => {
    const plan = planFor(hybridHost());
    expect(plan.paths).toEqual({
      cpuset: "/cg/cpuset/tsrun/box",
      cpu: "/cg/cpu,cpuacct/tsrun/box",
      cpuacct: "/cg/cpu,cpuacct/tsrun/box",
      memory: "/cg/memory/tsrun/box",
      devices: "/cg/devices/tsrun/box",
      pids: "/cg/pids/tsrun/box",
      blkio: "/cg/blkio/tsrun/box",
      freezer: "/cg/freezer/tsrun/box",
      "name=systemd": "/cg/systemd/tsrun/box",
      unified: "/cg/unified/tsrun/box",
    });
    expect(joinsOf(plan.paths)).toEqual({ joins: plan.joins, into: plan.into });
    expect(plan.joins).toHaveLength(8);
    expect(joinsOf(planFor(v2Host()).paths)).toEqual({ joins: [], into: "/cg/tsrun/box" });
  });

  test("every step before the writes is a make, every write is below what was made", () => {
    for (const host of [v1Host(), hybridHost(), v2Host()]) {
      const { steps } = planFor(host, { pids: { limit: 5 }, hugepageLimits: [{ pageSize: "2MB", limit: 1 }] });
      const first = steps.findIndex(({ step }) => step === "writeCgroup");
      expect(steps.slice(first).every(({ step }) => step === "writeCgroup")).toBe(true);
      const made = steps.flatMap((each) => (each.step === "makeCgroup" ? [`${each.path}/`] : []));
      for (const each of steps) {
        if (each.step === "writeCgroup") expect(made.some((path) => each.file.startsWith(path))).toBe(true);
      }
    }
  });
});

describe("exact integers", () => {
  test("v1", () => {
    const memory = { limit: PAGE_COUNTER_MAX, swap: PAGE_COUNTER_MAX, reservation: -1 };
    const blockIO = { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: UINT64_MAX }] };
    const hugepageLimits = [{ pageSize: "2MB", limit: UINT64_MAX }];
    expect(writes(v1Host(), { memory, blockIO, hugepageLimits })).toEqual([
      "write /cg/memory/tsrun/box/memory.limit_in_bytes = 9223372036854771712 | unblock | or /cg/memory/tsrun/box/memory.memsw.limit_in_bytes = 9223372036854771712 | /linux/resources/memory/limit",
      "write /cg/memory/tsrun/box/memory.memsw.limit_in_bytes = 9223372036854771712 | /linux/resources/memory/swap",
      "write /cg/memory/tsrun/box/memory.soft_limit_in_bytes = -1 | /linux/resources/memory/reservation",
      "write /cg/blkio/tsrun/box/blkio.throttle.read_bps_device = 8:0 18446744073709551615 | /linux/resources/blockIO/throttleReadBpsDevice/0",
      "write /cg/hugetlb/tsrun/box/hugetlb.2MB.limit_in_bytes = 18446744073709551615 | /linux/resources/hugepageLimits/0",
      "write /cg/hugetlb/tsrun/box/hugetlb.2MB.rsvd.limit_in_bytes = 18446744073709551615 | skip | /linux/resources/hugepageLimits/0",
    ]);
  });

  test("v2, where swap is a difference of numbers that no double holds", () => {
    const memory = { limit: 9007199254740993n, swap: PAGE_COUNTER_MAX };
    expect(writes(v2Host(), { memory })).toEqual([
      "write /cg/tsrun/box/memory.swap.max = 9214364837600030719 | /linux/resources/memory/swap",
      "write /cg/tsrun/box/memory.max = 9007199254740993 | /linux/resources/memory/limit",
    ]);
  });

  test("a number that has lost its last digits is refused", () => {
    expect(refusal(() => planFor(v1Host(), { memory: { limit: 2 ** 63 } }))).toBe(
      "E_CONFIG_INVALID: number 9223372036854776000: not an exact integer (config.json /linux/resources/memory/limit)",
    );
  });
});

describe("no limit", () => {
  test("v1: -1, with swap first", () => {
    expect(writes(v1Host(), { memory: { limit: -1 }, cpu: { quota: -1 }, pids: { limit: -1 } })).toEqual([
      "write /cg/memory/tsrun/box/memory.memsw.limit_in_bytes = -1 | skip | /linux/resources/memory/limit",
      "write /cg/memory/tsrun/box/memory.limit_in_bytes = -1 | /linux/resources/memory/limit",
      "write /cg/cpu,cpuacct/tsrun/box/cpu.cfs_quota_us = -1 | /linux/resources/cpu/quota",
      "write /cg/pids/tsrun/box/pids.max = max | /linux/resources/pids/limit",
    ]);
  });

  test("v2: max", () => {
    const resources = {
      memory: { limit: -1, reservation: -1 },
      cpu: { quota: -1, period: 50000 },
      pids: { limit: -1 },
    };
    expect(writes(v2Host(), resources)).toEqual([
      "write /cg/tsrun/box/memory.swap.max = max | skip | /linux/resources/memory/limit",
      "write /cg/tsrun/box/memory.max = max | /linux/resources/memory/limit",
      "write /cg/tsrun/box/memory.low = max | /linux/resources/memory/reservation",
      "write /cg/tsrun/box/cpu.max = max 50000 | /linux/resources/cpu/quota",
      "write /cg/tsrun/box/pids.max = max | /linux/resources/pids/limit",
    ]);
  });

  test("v2: no swap at all, and swap without limit", () => {
    const swap = (limit: number, swap: number) => writes(v2Host(), { memory: { limit, swap } })[0];
    expect(swap(1000, 1000)).toBe("write /cg/tsrun/box/memory.swap.max = 0 | skip | /linux/resources/memory/swap");
    expect(swap(1000, -1)).toBe("write /cg/tsrun/box/memory.swap.max = max | skip | /linux/resources/memory/swap");
  });
});

test("a limit of no process at all waits for init on v2, where a clone counts", () => {
  expect(writes(v2Host(), { pids: { limit: 0 } })).toEqual([
    "late write /cg/tsrun/box/pids.max = 0 | /linux/resources/pids/limit",
  ]);
  expect(writes(v1Host(), { pids: { limit: 0 } })).toEqual([
    "write /cg/pids/tsrun/box/pids.max = 0 | /linux/resources/pids/limit",
  ]);
});

test("an idle group gets its shares while it is not idle", () => {
  for (const host of [v1Host(), v2Host()]) {
    const order = (idle: number) =>
      writes(host, { cpu: { shares: 1024, idle } }).map((line) => /cpu\.\w+/.exec(line.slice(20))?.[0]);
    expect(order(1).at(-1)).toBe("cpu.idle");
    expect(order(0)[0]).toBe("cpu.idle");
  }
});

describe("unified", () => {
  test("any file of the tree, after the others, line by line, in the order given", () => {
    const unified = { "memory.high": "1000", "io.max": "259:0 rbps=1\n253:0 rbps=2", "cgroup.max.depth": "3" };
    const plan = planFor(v2Host(["memory", "io", "cpu"]), { cpu: { shares: 1024 }, unified });
    expect(lines(plan).filter((line) => /^(write|make)/.test(line))).toEqual([
      "make | /cg/tsrun/box | enable cpu io memory | need cpu memory io | cgroup.events",
      "write /cg/tsrun/box/cpu.weight = 100 | /linux/resources/cpu/shares",
      "write /cg/tsrun/box/memory.high = 1000 | /linux/resources/unified/memory.high",
      "write /cg/tsrun/box/io.max = 259:0 rbps=1; 253:0 rbps=2 | /linux/resources/unified/io.max",
      "write /cg/tsrun/box/cgroup.max.depth = 3 | /linux/resources/unified/cgroup.max.depth",
    ]);
  });

  test("hybrid: what the v2 tree has", () => {
    expect(writes(hybridHost(), { unified: { "hugetlb.1GB.max": "1073741824" } })).toEqual([
      "write /cg/unified/tsrun/box/hugetlb.1GB.max = 1073741824 | /linux/resources/unified/hugetlb.1GB.max",
    ]);
  });

  test.each([
    [
      "on v1",
      v1Host(),
      "memory.high",
      "E_HOST_UNSUPPORTED: unified memory.high: this host has no cgroup v2 tree to write to (config.json /linux/resources/unified/memory.high)",
    ],
    [
      "of another controller",
      hybridHost(),
      "memory.high",
      "E_HOST_UNSUPPORTED: unified memory.high: the cgroup v2 tree of this host has no memory controller (config.json /linux/resources/unified/memory.high)",
    ],
    [
      "without a controller",
      v2Host(),
      "high",
      "E_HOST_UNSUPPORTED: unified high: the cgroup v2 tree of this host has no such controller (config.json /linux/resources/unified/high)",
    ],
    [
      "elsewhere",
      v2Host(),
      "../memory.high",
      "E_CONFIG_INVALID: unified ../memory.high: is not the name of a cgroup parameter (config.json /linux/resources/unified/..~1memory.high)",
    ],
    [
      "that moves processes",
      v2Host(),
      "cgroup.procs",
      "E_CONFIG_INVALID: unified cgroup.procs: is not the name of a cgroup parameter (config.json /linux/resources/unified/cgroup.procs)",
    ],
  ])("a file %s is refused", (_, host, file, message) => {
    expect(refusal(() => planFor(host, { unified: { [file]: "1" } }))).toBe(message);
  });
});

describe("what this host can't do", () => {
  const none = v1Host(["devices", "systemd"]);
  test.each<[string, Resources, string]>([
    ["memory limit: needs the memory controller", { memory: { limit: 1 } }, "/linux/resources/memory/limit"],
    ["cpu shares: needs the cpu controller", { cpu: { shares: 2 } }, "/linux/resources/cpu/shares"],
    ["cpu cpus: needs the cpuset controller", { cpu: { cpus: "0" } }, "/linux/resources/cpu/cpus"],
    ["pids limit: needs the pids controller", { pids: { limit: 0 } }, "/linux/resources/pids/limit"],
    ["blockIO weight: needs the blkio controller", { blockIO: { weight: 10 } }, "/linux/resources/blockIO/weight"],
    [
      "hugepageLimits 0: needs the hugetlb controller",
      { hugepageLimits: [{ pageSize: "2MB", limit: 0 }] },
      "/linux/resources/hugepageLimits/0",
    ],
    ["network classID: needs the net_cls controller", { network: { classID: 1 } }, "/linux/resources/network/classID"],
    ["rdma a: needs the rdma controller", { rdma: { a: { hcaHandles: 1 } } }, "/linux/resources/rdma/a"],
  ])("%s", (message, resources, pointer) => {
    expect(refusal(() => planFor(none, resources))).toBe(
      `E_HOST_UNSUPPORTED: ${message}, which this host does not have (config.json ${pointer})`,
    );
    expect(refusal(() => planFor(none, ZEROS))).toBe("planned");
  });

  test("a controller that is mounted read-only", () => {
    expect(refusal(() => planFor(v1Host(["!memory", "devices"]), { memory: { limit: 1 } }))).toBe(
      "E_HOST_UNSUPPORTED: memory limit: needs the memory controller, which is read-only on this host (config.json /linux/resources/memory/limit)",
    );
  });

  test.each<[string, Resources]>([
    [
      "cpu realtimeRuntime 1: cgroup v2 has no real-time limits (config.json /linux/resources/cpu/realtimeRuntime)",
      { cpu: { realtimeRuntime: 1 } },
    ],
    [
      "memory swappiness: cgroup v2 has no such control (config.json /linux/resources/memory/swappiness)",
      { memory: { swappiness: 0 } },
    ],
    [
      "memory disableOOMKiller: cgroup v2 has no such control (config.json /linux/resources/memory/disableOOMKiller)",
      { memory: { disableOOMKiller: true } },
    ],
    [
      "block io leaf weight 5: cgroup v2 has no leaf weights (config.json /linux/resources/blockIO/leafWeight)",
      { blockIO: { leafWeight: 5 } },
    ],
    [
      "network: cgroup v2 has no net_cls controller (config.json /linux/resources/network/classID)",
      { network: { classID: 5 } },
    ],
    [
      "network: cgroup v2 has no net_prio controller (config.json /linux/resources/network/priorities/0)",
      { network: { priorities: [{ name: "a", priority: 1 }] } },
    ],
  ])("on v2: %s", (message, resources) => {
    expect(refusal(() => planFor(v2Host(), resources))).toBe(`E_HOST_UNSUPPORTED: ${message}`);
  });

  test.each<[string, Resources]>([
    ["memory swap 5: needs a memory limit (config.json /linux/resources/memory/swap)", { memory: { swap: 5 } }],
    [
      "memory swap 5: needs a memory limit (config.json /linux/resources/memory/swap)",
      { memory: { limit: -1, swap: 5 } },
    ],
    [
      "memory swap 5: is memory and swap together, less than the limit 6 (config.json /linux/resources/memory/swap)",
      { memory: { limit: 6, swap: 5 } },
    ],
    [
      "memory swappiness 101: must be 0 to 100 (config.json /linux/resources/memory/swappiness)",
      { memory: { swappiness: 101 } },
    ],
  ])("anywhere: %s", (message, resources) => {
    for (const host of [v1Host(), v2Host()])
      expect(refusal(() => planFor(host, resources))).toBe(`E_CONFIG_INVALID: ${message}`);
  });

  test.each([1, 262145, UINT64_MAX])("v1: shares %s, which the kernel would change", (shares) => {
    expect(refusal(() => planFor(v1Host(), { cpu: { shares } }))).toBe(
      `E_CONFIG_INVALID: cpu shares ${shares}: the kernel takes 2 to 262144 (config.json /linux/resources/cpu/shares)`,
    );
  });
});
