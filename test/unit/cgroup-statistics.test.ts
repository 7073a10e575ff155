import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { statistics } from "../../runtime/cgroups/statistics.ts";
import { fsPort, usePort } from "../support/fs-port.ts";

let top = "";
afterEach(() => rmSync(top, { recursive: true, force: true }));

function tree(files: Record<string, string>): string {
  top = mkdtempSync(join(tmpdir(), "tsrun-statistics-"));
  usePort(fsPort());
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  }
  return top;
}

describe("statistics", () => {
  test("of v1", () => {
    const at = tree({
      "cpu/cpu.stat": "nr_periods 31\nnr_throttled 30\nthrottled_time 2844448120\n",
      "cpu/cpuacct.usage": "156700749\n",
      "cpu/cpuacct.usage_percpu": "1002813 155697936 \n",
      "cpu/cpuacct.usage_all": "cpu user system\n0 5 7\n1 220000000 9\n",
      "cpu/cpuacct.stat": "user 15\nsystem 2\n",
      "cpuset/cpuset.cpus": "0-1,3\n",
      "cpuset/cpuset.mems": "0\n",
      "cpuset/cpuset.sched_load_balance": "1\n",
      "cpuset/cpuset.sched_relax_domain_level": "-1\n",
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/memory.usage_in_bytes": "364544\n",
      "memory/memory.max_usage_in_bytes": "2813952\n",
      "memory/memory.failcnt": "4\n",
      "memory/memory.stat": "cache 12\nrss 65536\ntotal_rss 18446744073709551615\n",
      "pids/pids.current": "1\n",
      "pids/pids.max": "max\n",
      "blkio/blkio.bfq.io_serviced_recursive": "Total 0\n",
      "blkio/blkio.throttle.io_serviced_recursive": "8:0 Read 1\n8:0 Write 2\nTotal 3\n",
      "hugetlb/hugetlb.2MB.usage_in_bytes": "1\n",
      "hugetlb/hugetlb.2MB.rsvd.usage_in_bytes": "2097152\n",
      "hugetlb/hugetlb.2MB.rsvd.max_usage_in_bytes": "4194304\n",
      "hugetlb/hugetlb.2MB.rsvd.failcnt": "5\n",
    });
    const names = ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb"];
    const paths = Object.fromEntries(names.map((name) => [name, join(at, name)]));
    expect(statistics({ ...paths, cpuacct: join(at, "cpu"), unified: "/nowhere" })).toEqual({
      cpu: {
        usage: {
          total: 156700749,
          percpu: [1002813, 155697936],
          percpu_kernel: [7, 9],
          percpu_user: [5, 220000000],
          kernel: 20000000,
          user: 150000000,
        },
        throttling: { periods: 31, throttledPeriods: 30, throttledTime: 2844448120 },
      },
      cpuset: {
        cpus: [0, 1, 3],
        mems: [0],
        cpu_exclusive: 0,
        mem_hardwall: 0,
        mem_exclusive: 0,
        memory_migrate: 0,
        memory_spread_page: 0,
        memory_spread_slab: 0,
        memory_pressure: 0,
        sched_load_balance: 1,
        sched_relax_domain_level: -1,
      },
      memory: {
        cache: 12,
        usage: { limit: 9223372036854771712n, usage: 364544, max: 2813952, failcnt: 4 },
        raw: { cache: 12, rss: 65536, total_rss: 18446744073709551615n },
      },
      pids: { current: 1, limit: 0 },
      blkio: {
        ioServicedRecursive: [
          { major: 8, minor: 0, op: "Read", value: 1 },
          { major: 8, minor: 0, op: "Write", value: 2 },
        ],
      },
      hugetlb: { "2MB": { usage: 2097152, max: 4194304, failcnt: 5 } },
    });
  });

  test("of v2", () => {
    const at = tree({
      "cpu.stat":
        "usage_usec 9007199254740993\nuser_usec 5\nsystem_usec 6\nnr_periods 1\nnr_throttled 2\nthrottled_usec 3\n",
      "cpu.pressure":
        "some avg10=1.50 avg60=0.25 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
      "cpuset.cpus.effective": "0-1\n",
      "cpuset.mems.effective": "0\n",
      "memory.current": "1000\n",
      "memory.max": "max\n",
      "memory.swap.current": "24\n",
      "memory.swap.max": "max\n",
      "memory.peak": "2000\n",
      "memory.events": "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n",
      "memory.stat": "anon 1\nfile 2\n",
      "pids.current": "3\n",
      "pids.max": "20\n",
      "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:16 \n",
      "hugetlb.2MB.current": "0\n",
      "hugetlb.2MB.events": "max 6\n",
    });
    expect(statistics({ unified: at })).toEqual({
      cpu: {
        usage: { total: 9007199254740993000n, kernel: 6000, user: 5000 },
        throttling: { periods: 1, throttledPeriods: 2, throttledTime: 3000 },
        psi: {
          some: { avg10: 1.5, avg60: 0.25, avg300: 0, total: 123 },
          full: { avg10: 0, avg60: 0, avg300: 0, total: 7 },
        },
      },
      cpuset: { cpus: [0, 1], mems: [0] },
      memory: {
        cache: 2,
        usage: { limit: 18446744073709551615n, usage: 1000, max: 2000, failcnt: 3 },
        swap: { limit: 18446744073709551615n, usage: 1024, failcnt: 0 },
        raw: { anon: 1, file: 2 },
      },
      pids: { current: 3, limit: 20 },
      blkio: {
        ioServiceBytesRecursive: [
          { major: 8, minor: 0, op: "Read", value: 1 },
          { major: 8, minor: 0, op: "Write", value: 2 },
          { major: 8, minor: 0, op: "Discard", value: 0 },
        ],
        ioServicedRecursive: [
          { major: 8, minor: 0, op: "Read", value: 3 },
          { major: 8, minor: 0, op: "Write", value: 4 },
          { major: 8, minor: 0, op: "Discard", value: 0 },
        ],
      },
      hugetlb: { "2MB": { usage: 0, failcnt: 6 } },
    });
  });

  test("of nothing: no numbers, no error", () => {
    tree({});
    expect(statistics({})).toEqual({
      cpu: { usage: { kernel: 0, user: 0 }, throttling: {} },
      cpuset: {},
      memory: {},
      pids: {},
      blkio: {},
      hugetlb: {},
    });
    expect(statistics({ unified: `${top}/gone` })).toMatchObject({ memory: {}, pids: {}, hugetlb: {} });
  });
});
