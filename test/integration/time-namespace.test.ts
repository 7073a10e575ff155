import { readFileSync, readlinkSync } from "node:fs";
import { expect } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import type { Config, Integer } from "../../bundles/config.ts";
import { hold } from "../../bundles/holder.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();
const PEERS = ["runc", "crun"];
const UNKNOWN = "knows no time namespace yet";
const DAY = 86_400;

type Offsets = Record<string, { secs?: Integer; nanosecs?: Integer }>;

function time(offsets?: Offsets, path?: string): (c: Config) => void {
  return (c) => {
    c.linux.namespaces.push(path === undefined ? { type: "time" } : { type: "time", path });
    if (offsets !== undefined) c.linux.timeOffsets = offsets;
  };
}

const uptime = (text: string): number => Number(text.trim().split(" ")[0]);
const hostUptime = (): number => uptime(readFileSync("/proc/uptime", "utf8"));

/** How many seconds a container's uptime is ahead of the host's. */
async function ahead(change: (c: Config) => void): Promise<number> {
  return uptime(await box.sh("cat /proc/uptime", change)) - hostUptime();
}

unlessPeer(PEERS, UNKNOWN)("a new time namespace without offsets", async () => {
  const seen = await box.sh("readlink /proc/self/ns/time; cat /proc/self/timens_offsets", time());
  const [link, ...offsets] = seen.split("\n");
  expect(link).toMatch(/^time:\[\d+\]$/);
  expect(link).not.toBe(readlinkSync("/proc/self/ns/time"));
  expect(offsets.map((line) => line.split(/\s+/))).toEqual([
    ["monotonic", "0", "0"],
    ["boottime", "0", "0"],
  ]);
});

unlessPeer(PEERS, UNKNOWN)("offsets of both clocks, either way", async () => {
  const offsets = { monotonic: { secs: 100, nanosecs: 7 }, boottime: { secs: DAY, nanosecs: 999_999_999 } };
  const seen = await box.sh("cat /proc/self/timens_offsets", time(offsets));
  expect(seen.split("\n").map((line) => line.split(/\s+/))).toEqual([
    ["monotonic", "100", "7"],
    ["boottime", `${DAY}`, "999999999"],
  ]);
  expect(Math.abs((await ahead(time(offsets))) - DAY)).toBeLessThan(5);
  const back = -Math.floor(hostUptime() / 2);
  expect(Math.abs((await ahead(time({ boottime: { secs: back } }))) - back)).toBeLessThan(5);
});

unlessPeer(PEERS, UNKNOWN)("PID 1 is in it, and so is who is executed later", async () => {
  const container = await box.container((c) => {
    time({ boottime: { secs: DAY } })(c);
    c.process.args = ["sleep", "100"];
  });
  const { pid } = await container.launch();
  expect(readlinkSync(`/proc/${pid}/ns/time`)).not.toBe(readlinkSync("/proc/self/ns/time"));
  const { stdout } = succeeded(await container.exec(["sh", "-c", "readlink /proc/self/ns/time; cat /proc/uptime"]));
  const [link, text = ""] = stdout.split("\n");
  expect(link).toBe(readlinkSync(`/proc/${pid}/ns/time`));
  expect(Math.abs(uptime(text) - hostUptime() - DAY)).toBeLessThan(5);
});

unlessPeer(PEERS, UNKNOWN)("with all other namespaces, new and joined", async () => {
  const mapping = [{ containerID: 0, hostID: 0, size: 65_536 }];
  const user = await box.sh("readlink /proc/self/ns/time; id -u; cat /proc/uptime", (c) => {
    time({ boottime: { secs: DAY } })(c);
    c.linux.namespaces.push({ type: "user" }, { type: "cgroup" });
    c.linux.uidMappings = c.linux.gidMappings = mapping;
  });
  const [, id, text = ""] = user.split("\n");
  expect(id).toBe("0");
  expect(uptime(text) - hostUptime()).toBeGreaterThan(DAY - 5);
  const holder = await hold(["--net"]);
  try {
    const seen = await box.sh("readlink /proc/self/ns/net; cat /proc/uptime", (c) => {
      time({ boottime: { secs: DAY } })(c);
      c.linux.namespaces = c.linux.namespaces.filter(({ type }) => type !== "network");
      c.linux.namespaces.push({ type: "network", path: holder.path("net") });
    });
    expect(seen.split("\n")[0]).toBe(readlinkSync(holder.path("net")));
    expect(uptime(seen.split("\n")[1] ?? "") - hostUptime()).toBeGreaterThan(DAY - 5);
  } finally {
    holder.close();
  }
});

unlessPeer(PEERS, UNKNOWN)("a time namespace joined by path", async () => {
  const holder = await hold(["--time", "--boottime", `${DAY}`]);
  try {
    const path = holder.path("time_for_children");
    const seen = await box.sh("readlink /proc/self/ns/time; cat /proc/uptime", time(undefined, path));
    expect(seen.split("\n")[0]).toBe(readlinkSync(path).replace("time_for_children", "time"));
    expect(uptime(seen.split("\n")[1] ?? "") - hostUptime()).toBeGreaterThan(DAY - 5);
  } finally {
    holder.close();
  }
});

const REFUSED: readonly (readonly [string, (c: Config) => void, RegExp])[] = [
  [
    "offsets without a time namespace",
    (c) => void Object.assign(c.linux, { timeOffsets: { boottime: { secs: 1 } } }),
    /linux\.timeOffsets needs a new time namespace \(config\.json \/linux\/timeOffsets/,
  ],
  [
    "offsets for a joined one",
    time({ boottime: { secs: 1 } }, "/proc/self/ns/time"),
    /linux\.timeOffsets needs a new time namespace/,
  ],
  ["nanoseconds of more than a second", time({ boottime: { nanosecs: 1e9 } }), /nanosecs must be below 1000000000/],
  ["a clock before zero", time({ boottime: { secs: -4e9 } }), /set time offsets boottime -4000000000 0: .*range/],
  [
    "a clock that overflows",
    time({ monotonic: { secs: 9223372036854775807n } }),
    /set time offsets monotonic 9223372036854775807 0: .*range.*\(config\.json \/linux\/timeOffsets\)/,
  ],
];

for (const [name, change, expected] of REFUSED) {
  unlessPeer(PEERS, UNKNOWN)(`refused: ${name}`, async () => {
    const { code, stderr } = await box.run(change);
    expect(stderr).toMatch(expected);
    expect(code).toBe(1);
  });
}

unlessPeer(PEERS, UNKNOWN)("features name it", async () => {
  const { stdout } = succeeded(await box.session.call(["features"]));
  expect(JSON.parse(stdout).linux.namespaces).toContain("time");
});
