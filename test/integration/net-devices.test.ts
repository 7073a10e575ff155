/** Network devices, moved out of a network namespace of the test's own: the host's devices are never touched. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Outcome, output, run, succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import { type Holder, hold } from "../../bundles/holder.ts";
import { useBox } from "../support/container.ts";
import { isTsrun } from "../support/runtime.ts";

const box = useBox();
let host: Holder;
const has = isTsrun ? test : test.skip;

beforeAll(async () => {
  host = await hold(["--net"], "ip link set lo up");
});
afterAll(() => host?.close());

/** A command in the namespace that plays the host's. */
const there = (...words: string[]): Promise<string> => output("nsenter", [`--net=${host.path("net")}`, ...words]);
const names = async (): Promise<string[]> =>
  (await there("ip", "-o", "link")).split("\n").map((line) => line.split(/[:@]\s*/)[1] ?? "");

/** A pair of devices, of which the first is to move. */
async function pair(name: string, ...setup: string[]): Promise<void> {
  await there("ip", "link", "add", name, "mtu", "1432", "type", "veth", "peer", "name", `${name}p`);
  for (const words of setup) await there("ip", ...words.split(" "));
}

async function make(devices: Record<string, { name?: string }>, change?: (c: Config) => void): Promise<Container> {
  return box.container((c) => {
    c.process.args = ["sleep", "1000"];
    c.linux.netDevices = devices;
    change?.(c);
  });
}

/** A command of the runtime there; its words go to a file, as a container that is made keeps them open. */
async function call(...words: string[]): Promise<Outcome> {
  const said = join(box.session.dir, "said");
  const script = ["sh", "-c", 'exec "$@" < /dev/null > "$0" 2>&1', said];
  const outcome = await run("nsenter", [`--net=${host.path("net")}`, ...script, ...box.session.argv(words)]);
  return { ...outcome, stderr: readFileSync(said, "utf8") };
}

async function launch(container: Container): Promise<number> {
  succeeded(await call("create", "--bundle", container.bundle, container.id));
  succeeded(await call("start", container.id));
  return (await container.state()).pid;
}

const inside = (pid: number, ...words: string[]): Promise<string> =>
  output("nsenter", [`--net=/proc/${pid}/ns/net`, "ip", ...words]);

has("a device is moved, renamed, set up, and keeps its permanent global addresses", async () => {
  await pair(
    "one",
    "link set one address 02:00:00:00:00:11",
    "addr add 10.9.1.1/24 broadcast + dev one label one:x",
    "addr add 10.9.1.2/24 dev one",
    "addr add 10.9.2.1 peer 10.9.2.2/32 dev one metric 77",
    "addr add 169.254.3.3/16 scope link dev one",
    "addr add 10.9.3.1/24 valid_lft 600 preferred_lft 300 dev one",
    "-6 addr add fd00:9::1/64 nodad dev one",
    "-6 addr add fd00:9::2/64 noprefixroute nodad dev one",
  );
  const pid = await launch(await make({ one: { name: "eth7" } }));
  expect(await names()).not.toContain("one");
  const link = await inside(pid, "-o", "link", "show", "eth7");
  expect(link).toMatch(/<[^>]*\bUP\b/);
  expect(link).toContain(" mtu 1432 ");
  expect(link).toContain("link/ether 02:00:00:00:00:11 ");
  const addresses = await inside(pid, "-o", "-4", "addr", "show", "eth7");
  expect(addresses.split("\n").map((line) => line.replace(/\s+/g, " ").replace(/\\.*/, "").trim())).toEqual([
    expect.stringContaining("inet 10.9.1.1/24 brd 10.9.1.255 scope global eth7"),
    expect.stringContaining("inet 10.9.2.1 peer 10.9.2.2/32 metric 77 scope global eth7"),
    expect.stringContaining("inet 10.9.1.2/24 scope global secondary eth7"),
  ]);
  const six = await inside(pid, "-o", "-6", "addr", "show", "dev", "eth7", "scope", "global");
  expect(six).toMatch(/fd00:9::1\/64 scope global/);
  expect(six).toMatch(/fd00:9::2\/64 scope global .*noprefixroute/);
});

has("a device without a name keeps that of the host", async () => {
  await pair("two");
  const pid = await launch(await make({ two: {} }));
  expect(await inside(pid, "-o", "link", "show", "two")).toMatch(/<[^>]*\bUP\b/);
});

has("a template is filled in by the kernel, for several devices too", async () => {
  await pair("three");
  await pair("four", "addr add 10.9.4.1/24 dev four");
  const pid = await launch(await make({ three: { name: "ctr%d" }, four: { name: "ctr%d" } }));
  const list = await inside(pid, "-o", "link");
  expect(list).toMatch(/ctr0@/);
  expect(list).toMatch(/ctr1@/);
  expect(await inside(pid, "-o", "-4", "addr", "show", "ctr1")).toContain("10.9.4.1/24");
});

has("devices move into a user namespace's network", async () => {
  await pair("five", "addr add 10.9.5.1/24 dev five");
  const container = await make({ five: { name: "eth0" } }, (c) => {
    c.linux.namespaces.push({ type: "user" });
    c.linux.uidMappings = c.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  });
  const pid = await launch(container);
  expect(await inside(pid, "-o", "-4", "addr", "show", "eth0")).toContain("10.9.5.1/24");
});

/** What a create says that must fail; the container is not there after it. */
async function refused(container: Container): Promise<string> {
  const outcome = await call("create", "--bundle", container.bundle, container.id);
  expect(outcome.code).toBe(1);
  expect((await container.stateOutcome()).code).not.toBe(0);
  return outcome.stderr;
}

has("a device that is not there is an error", async () => {
  const before = await names();
  expect(await refused(await make({ absent: {} }))).toContain(
    "network device absent: there is no such device on the host (config.json /linux/netDevices/absent)",
  );
  expect(await names()).toEqual(before);
});

has("what was moved before something failed is moved back as it was", async () => {
  await pair("six", "addr add 10.9.6.1/24 dev six", "-6 addr add fd00:6::1/64 nodad dev six", "link set six up");
  await pair("seven", "addr add 10.9.7.1/24 dev seven");
  const failures: [Record<string, { name?: string }>, (c: Config) => void][] = [
    [{ six: { name: "a" }, seven: { name: "b%d" }, zero: {} }, () => undefined],
    [
      { six: { name: "a" }, seven: {} },
      (c) => {
        c.hooks = { createRuntime: [{ path: "/bin/false" }] };
      },
    ],
  ];
  for (const [devices, change] of failures) {
    await refused(await make(devices, change));
    expect(await there("ip", "-o", "link", "show", "six")).toMatch(/<[^>]*\bUP\b/);
    expect(await there("ip", "-o", "link", "show", "seven")).not.toMatch(/<[^>]*\bUP\b/);
    expect(await there("ip", "-o", "addr", "show", "six")).toMatch(/10\.9\.6\.1\/24[\s\S]*fd00:6::1\/64/);
    expect(await there("ip", "-o", "addr", "show", "seven")).toContain("10.9.7.1/24");
  }
});

has("a name that is taken in the container is an error, unless a template is given", async () => {
  await pair("eight", "addr add 10.9.8.1/24 dev eight");
  const joined = await hold(["--net"], "ip link add taken type veth peer name taken0");
  try {
    const join = (c: Config): void => {
      c.linux.namespaces = c.linux.namespaces.map((n) =>
        n.type === "network" ? { ...n, path: joined.path("net") } : n,
      );
    };
    expect(await refused(await make({ eight: { name: "taken" } }, join))).toContain(
      "network device eight: the container has a device taken already (config.json /linux/netDevices/eight)",
    );
    expect(await there("ip", "-o", "-4", "addr", "show", "eight")).toContain("10.9.8.1/24");
    const pid = await launch(await make({ eight: { name: "taken%d" } }, join));
    expect(await inside(pid, "-o", "-4", "addr", "show", "taken1")).toContain("10.9.8.1/24");
  } finally {
    joined.close();
  }
});

has("what can't be moved, and a network that is the host's, are errors in the kernel's words", async () => {
  expect(await refused(await make({ lo: { name: "lo1" } }))).toMatch(
    /network device lo: move to the container as lo1: .*invalid argument \(config\.json \/linux\/netDevices\/lo\)/,
  );
  await pair("nine");
  const same = await make({ nine: { name: "renamed" } }, (c) => {
    c.linux.namespaces = c.linux.namespaces.map((n) => (n.type === "network" ? { ...n, path: host.path("net") } : n));
  });
  expect(await refused(same)).toContain('network device "nine" would change the host');
  expect(await names()).toContain("nine");
});
