import { existsSync, readdirSync, statSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { run, succeeded } from "../../bundles/command.ts";
import type { Resources } from "../../bundles/config.ts";
import { removeCgroups } from "../../bundles/remains.ts";
import { CGROUP_ROOT, cgroupValue, hasFile, haveV1 } from "../support/cgroup.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer, when } from "../support/runtime.ts";

const box = useBox();
const MiB = 1024 * 1024;

/** What cgroup files of a created container hold, when config.json asks for `resources`. */
async function applied(resources: Resources, controller: string, files: readonly string[]): Promise<string[]> {
  const c = await box.container((config) => {
    Object.assign(config.linux.resources, resources);
  });
  succeeded(await c.create());
  const folder = c.cgroup(controller);
  if (folder === undefined) throw new Error(`no ${controller} cgroup`);
  return files.map((file) => cgroupValue(folder, file));
}

interface Case {
  readonly what: string;
  readonly controller: string;
  readonly resources: Resources;
  readonly files: Readonly<Record<string, string>>;
  readonly peers?: readonly string[];
  readonly reason?: string;
}

const CASES: readonly Case[] = [
  { what: "cpu.shares", controller: "cpu", resources: { cpu: { shares: 512 } }, files: { "cpu.shares": "512" } },
  {
    what: "cpu.quota and period",
    controller: "cpu",
    resources: { cpu: { quota: 20_000, period: 50_000 } },
    files: { "cpu.cfs_quota_us": "20000", "cpu.cfs_period_us": "50000" },
  },
  {
    what: "cpu.quota -1",
    controller: "cpu",
    resources: { cpu: { quota: -1 } },
    files: { "cpu.cfs_quota_us": "-1" },
    peers: ["crun"],
    reason: "fails on it, and leaves its cgroups",
  },
  {
    what: "cpu.burst",
    controller: "cpu",
    resources: { cpu: { quota: 20_000, period: 50_000, burst: 10_000 } },
    files: { "cpu.cfs_burst_us": "10000" },
    peers: ["runc", "crun"],
    reason: "knows no burst yet",
  },
  {
    what: "cpu.idle",
    controller: "cpu",
    resources: { cpu: { idle: 1 } },
    files: { "cpu.idle": "1" },
    peers: ["runc", "crun"],
    reason: "knows no idle yet",
  },
  {
    what: "cpus and mems",
    controller: "cpuset",
    resources: { cpu: { cpus: "0", mems: "0" } },
    files: { "cpuset.cpus": "0", "cpuset.mems": "0" },
  },
  {
    what: "memory.limit",
    controller: "memory",
    resources: { memory: { limit: 64 * MiB } },
    files: { "memory.limit_in_bytes": `${64 * MiB}` },
  },
  {
    what: "memory.limit and swap",
    controller: "memory",
    resources: { memory: { limit: 64 * MiB, swap: 96 * MiB } },
    files: { "memory.limit_in_bytes": `${64 * MiB}`, "memory.memsw.limit_in_bytes": `${96 * MiB}` },
  },
  {
    what: "memory.swap -1",
    controller: "memory",
    resources: { memory: { limit: 64 * MiB, swap: -1 } },
    files: { "memory.memsw.limit_in_bytes": "9223372036854771712" },
  },
  {
    what: "memory.limit 9223372036854771712, exactly",
    controller: "memory",
    resources: { memory: { limit: 9223372036854771712n } },
    files: { "memory.limit_in_bytes": "9223372036854771712" },
  },
  {
    what: "memory.limit -1",
    controller: "memory",
    resources: { memory: { limit: -1 } },
    files: { "memory.limit_in_bytes": "9223372036854771712" },
  },
  {
    what: "memory.limit over 2^53, exactly",
    controller: "memory",
    resources: { memory: { limit: 9007199254753280n } },
    files: { "memory.limit_in_bytes": "9007199254753280" },
  },
  {
    what: "memory.reservation",
    controller: "memory",
    resources: { memory: { reservation: 32 * MiB } },
    files: { "memory.soft_limit_in_bytes": `${32 * MiB}` },
  },
  {
    what: "memory.swappiness",
    controller: "memory",
    resources: { memory: { swappiness: 7 } },
    files: { "memory.swappiness": "7" },
  },
  {
    what: "memory.kernelTCP",
    controller: "memory",
    resources: { memory: { kernelTCP: 16 * MiB } },
    files: { "memory.kmem.tcp.limit_in_bytes": `${16 * MiB}` },
    peers: ["runc"],
    reason: "passes over kernel memory limits since 1.1",
  },
  { what: "pids.limit", controller: "pids", resources: { pids: { limit: 33 } }, files: { "pids.max": "33" } },
  { what: "pids.limit -1", controller: "pids", resources: { pids: { limit: -1 } }, files: { "pids.max": "max" } },
  {
    what: "blockIO.throttleReadBpsDevice",
    controller: "blkio",
    resources: { blockIO: { throttleReadBpsDevice: [{ major: 254, minor: 0, rate: 9_000_000_000 }] } },
    files: { "blkio.throttle.read_bps_device": "254:0 9000000000" },
  },
  {
    what: "blockIO.throttleWriteIOPSDevice",
    controller: "blkio",
    resources: { blockIO: { throttleWriteIOPSDevice: [{ major: 254, minor: 0, rate: 4000 }] } },
    files: { "blkio.throttle.write_iops_device": "254:0 4000" },
  },
  {
    what: "blockIO.weight",
    controller: "blkio",
    resources: { blockIO: { weight: 200 } },
    files: { "blkio.bfq.weight": "200" },
  },
];

/** blockIO rates are for a disk: the one of the cases must be there. */
const haveDisk = existsSync("/sys/dev/block/254:0");

for (const { what, controller, resources, files, peers, reason } of CASES) {
  const names = Object.keys(files);
  const missing = names.filter((file) => !hasFile(controller, file));
  const body = async (): Promise<void> => {
    expect(await applied(resources, controller, names)).toEqual(Object.values(files));
  };
  if (missing.length > 0) when(false, `this host has no ${missing.join(", ")}`)(what, body);
  else if (controller === "blkio" && !haveDisk) when(false, "no block device 254:0")(what, body);
  else unlessPeer(peers ?? [], reason ?? "")(what, body);
}

when(haveV1, "no cgroup v1")("pids.limit 0", async () => {
  const c = await box.container((config) => {
    config.linux.resources.pids = { limit: 0 };
  });
  const outcome = await c.create();
  // 1.3.0 says that 0 is a limit; older runtimes leave the limit out.
  if (outcome.code === 0) expect(["0", "max"]).toContain(cgroupValue(c.cgroup("pids") ?? "", "pids.max"));
});

when(haveV1, "no cgroup v1")(
  "the cgroup is there in every hierarchy, holds the process, and goes with the container",
  async () => {
    const c = await box.container();
    succeeded(await c.create());
    const { pid } = await c.state();
    for (const controller of ["cpu", "cpuset", "memory", "pids", "devices", "freezer", "blkio"]) {
      expect([controller, cgroupValue(c.cgroup(controller) ?? "", "cgroup.procs")]).toEqual([controller, `${pid}`]);
    }
    succeeded(await c.delete(["--force"]));
    for (const hierarchy of readdirSync(CGROUP_ROOT))
      expect([hierarchy, c.cgroup(hierarchy)]).toEqual([hierarchy, undefined]);
  },
);

when(haveV1, "no cgroup v1")("an absolute cgroupsPath of several parts", async () => {
  const first = box.session.unique();
  const c = await box.container((config) => {
    config.linux.cgroupsPath = `/${first}/middle/last`;
  });
  succeeded(await c.create());
  expect(existsSync(`${CGROUP_ROOT}/pids/${first}/middle/last/cgroup.procs`)).toBe(true);
  succeeded(await c.delete(["--force"]));
  expect(existsSync(`${CGROUP_ROOT}/pids/${first}/middle/last`)).toBe(false);
  await removeCgroups(first);
});

when(haveV1, "no cgroup v1")(
  "a relative cgroupsPath, and none, lie under a cgroup of the runtime's choice",
  async () => {
    for (const path of [`${box.session.unique()}`, undefined]) {
      const home = box.session.unique();
      const c = await box.container((config) => {
        if (path === undefined) delete config.linux.cgroupsPath;
        else config.linux.cgroupsPath = path;
      });
      // The runtime is called from a cgroup of its own, so that the ones of this machine stay as they are.
      const enter = `for h in ${CGROUP_ROOT}/*/; do [ -e $h/tasks ] || continue; mkdir -p $h/${home}; case $h in *cpuset*) cat $h/cpuset.cpus > $h/${home}/cpuset.cpus; cat $h/cpuset.mems > $h/${home}/cpuset.mems;; esac; echo $$ > $h/${home}/tasks; done; exec "$@"`;
      const command = ["-c", enter, "sh", ...box.session.argv(["create", "--bundle", c.bundle, c.id])];
      succeeded(await run("sh", command, { outputTo: { stdout: "/dev/null", stderr: `${c.bundle}/stderr` } }));
      const { pid } = await c.state();
      const found = (await run("cat", [`/proc/${pid}/cgroup`])).stdout;
      expect(/:pids:(.*)$/m.exec(found)?.[1]).toContain(path ?? c.id);
      succeeded(await c.delete(["--force"]));
      await removeCgroups(home);
    }
  },
);

when(haveV1, "no cgroup v1")("the device list denies all but the defaults and what the config allows", async () => {
  const [text = ""] = await applied(
    {
      devices: [
        { allow: false, access: "rwm" },
        { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
        { allow: true, type: "b", major: 7, access: "r" },
      ],
    },
    "devices",
    ["devices.list"],
  );
  const lines = text.split("\n");
  expect(lines).toEqual(expect.arrayContaining(["c 10:229 rw", "b 7:* r"]));
  for (const device of ["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:2", "136:*"]) {
    expect([device, lines.some((line) => line.startsWith(`c ${device} rw`))]).toEqual([device, true]);
  }
  expect(lines).not.toContain("a *:* rwm");
});

unlessPeer(["crun"], "applies no rules")("without a rule devices are denied all the same", async () => {
  const [text] = await applied({ devices: [] }, "devices", ["devices.list"]);
  expect(text).not.toContain("a *:* rwm");
});

when(haveV1, "no cgroup v1")("the limits are seen and held inside", async () => {
  const { stdout, stderr } = await box.run((c) => {
    c.linux.resources.pids = { limit: 5 };
    c.process.args = ["sh", "-c", "cat /sys/fs/cgroup/pids/pids.max; for i in 1 2 3 4 5 6 7 8; do sleep 1 & done"];
  });
  expect(stdout).toBe("5\n");
  expect(stderr).toMatch(/can't fork/);
});

when(haveV1, "no cgroup v1")("the cgroup mount is read-only when asked", async () => {
  const seen = await box.sh("(echo 1 > /sys/fs/cgroup/pids/pids.max) 2>&1; mkdir /sys/fs/cgroup/pids/x 2>&1; true");
  expect(seen.match(/Read-only file system/g)?.length).toBe(2);
});

test("a memory limit that nothing fits in fails create and leaves nothing", async () => {
  const c = await box.container((config) => {
    config.linux.resources.memory = { limit: 4096 };
  });
  const outcome = await c.create();
  // A runtime small enough may live in it; then the container is simply there.
  if (outcome.code === 0) return;
  expect(outcome.code).toBe(1);
  expect((await c.stateOutcome()).code).toBe(1);
  expect(c.cgroup("memory")).toBeUndefined();
});

unlessPeer(["crun"], "leaves its cgroups")(
  "a value that the kernel refuses fails create and leaves nothing",
  async () => {
    const c = await box.container((config) => {
      config.linux.resources.cpu = { cpus: "4095" };
    });
    const outcome = await c.create();
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/cpuset/);
    expect((await c.stateOutcome()).code).toBe(1);
    expect(c.cgroup("cpuset")).toBeUndefined();
  },
);

unlessPeer(["runc", "crun"], "passes over it on v1")("unified on v1 is an error", async () => {
  const outcome = await box.run((c) => {
    c.linux.resources.unified = { "pids.max": "10" };
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("unified");
});

unlessPeer(["crun"], "follows it out of the hierarchy and writes there")(
  "a cgroupsPath with .. does not leave the hierarchy",
  async () => {
    const name = box.session.unique();
    const c = await box.container((config) => {
      config.linux.cgroupsPath = `/../../../../../${name}`;
    });
    const outcome = await c.create();
    if (outcome.code === 0) expect(statSync(`${CGROUP_ROOT}/pids/${name}`).isDirectory()).toBe(true);
    expect(existsSync(`/${name}`)).toBe(false);
  },
);
