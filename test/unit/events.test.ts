import { describe, expect, test } from "@jest/globals";
import { microseconds } from "../../runtime/commands/events.ts";
import { statisticsView } from "../../runtime/commands/statistics-view.ts";

describe("--interval", () => {
  test.each([
    ["5s", 5e6],
    ["100ms", 1e5],
    ["1m30s", 90e6],
    ["1.5h", 5400e6],
    ["250us", 250],
    [".5s", 5e5],
  ])("%s", (text, expected) => expect(microseconds(text)).toBe(expected));

  test.each(["", "5", "s", "5 s", "-5s", "5s5", "5x", "1e3s"])("%j is none", (text) => {
    expect(microseconds(text)).toBeUndefined();
  });
});

describe("statistics", () => {
  const some = { avg10: 0, avg60: 0.5, avg300: 1, total: 7 };

  test("of a host that counts nothing", () => {
    const nothing = {
      cpu: { usage: { kernel: 0, user: 0 }, throttling: {} },
      cpuset: {},
      memory: {},
      pids: {},
      blkio: {},
      hugetlb: {},
    };
    const none = { limit: 0, failcnt: 0 };
    expect(statisticsView(nothing)).toEqual({
      cpu: { usage: { kernel: 0, user: 0 }, throttling: {} },
      cpuset: {
        cpu_exclusive: 0,
        mem_hardwall: 0,
        mem_exclusive: 0,
        memory_migrate: 0,
        memory_spread_page: 0,
        memory_spread_slab: 0,
        memory_pressure: 0,
        sched_load_balance: 0,
        sched_relax_domain_level: 0,
      },
      memory: { usage: none, swap: none, kernel: none, kernelTCP: none },
      pids: {},
      blkio: {},
      hugetlb: {},
      intel_rdt: {},
      network_interfaces: null,
    });
  });

  test("zeros are left out where runc leaves them out; pressure and raw numbers are whole", () => {
    const psi = { some, full: some };
    const view = statisticsView({
      cpu: { usage: { total: 5, percpu: [], kernel: 0, user: 5 }, throttling: { periods: 0, throttledTime: 3 }, psi },
      cpuset: { cpus: [0, 1], mems: [0], sched_load_balance: 1 },
      memory: {
        cache: 0,
        usage: { limit: 18446744073709551615n, usage: 9, max: 0, failcnt: 0 },
        raw: { anon: 0 },
        psi,
      },
      pids: { current: 2, limit: 0 },
      blkio: { ioServicedRecursive: [{ major: 0, minor: 5, op: "", value: 0 }], ioTimeRecursive: [], psi },
      hugetlb: { "2MB": { usage: 0, max: 4, failcnt: 0 } },
    });
    expect(view).toMatchObject({
      cpu: { usage: { total: 5, kernel: 0, user: 5 }, throttling: { throttledTime: 3 }, psi },
      memory: { usage: { limit: 18446744073709551615n, usage: 9, failcnt: 0 }, raw: { anon: 0 }, psi },
      pids: { current: 2 },
      blkio: { ioServicedRecursive: [{ minor: 5 }], psi },
      hugetlb: { "2MB": { max: 4, failcnt: 0 } },
    });
    expect(JSON.stringify(view, (_, value) => (typeof value === "bigint" ? `${value}` : value))).not.toMatch(
      /"(percpu|periods|max":0|ioTimeRecursive|cache)/,
    );
  });
});
