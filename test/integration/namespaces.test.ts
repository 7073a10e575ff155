import { readlinkSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import { hold } from "../../bundles/holder.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();

const KINDS = { pid: "pid", network: "net", mount: "mnt", ipc: "ipc", uts: "uts", cgroup: "cgroup" } as const;
type Kind = keyof typeof KINDS;

function inside(file: string, change: (c: Config) => void): Promise<string> {
  return box.sh(`readlink /proc/self/ns/${file}`, change);
}

function drop(c: Config, kind: string): void {
  c.linux.namespaces = c.linux.namespaces.filter((namespace) => namespace.type !== kind);
}

test.each(Object.entries(KINDS))("a new %s namespace", async (kind, file) => {
  const seen = await inside(file, (c) => {
    drop(c, kind);
    c.linux.namespaces.push({ type: kind });
  });
  expect(seen).toMatch(new RegExp(`^${file}:\\[\\d+\\]$`));
  expect(seen).not.toBe(readlinkSync(`/proc/self/ns/${file}`));
});

test.each(["network", "ipc", "uts", "cgroup"] as const)(
  "no %s namespace in the list: the runtime's own",
  async (kind) => {
    const seen = await inside(KINDS[kind], (c) => {
      drop(c, kind);
      if (kind === "uts") delete c.hostname;
      // mqueue belongs to the ipc namespace, sysfs to the network's.
      c.mounts = c.mounts.filter((mount) => mount.type !== "mqueue" || kind !== "ipc");
    });
    expect(seen).toBe(readlinkSync(`/proc/self/ns/${KINDS[kind]}`));
  },
);

test("no pid namespace in the list: the runtime's own", async () => {
  const seen = await inside("pid", (c) => drop(c, "pid"));
  expect(seen).toBe(readlinkSync("/proc/self/ns/pid"));
});

test.each(["network", "ipc", "uts"] as const)("a %s namespace joined by path", async (kind: Kind) => {
  const file = KINDS[kind];
  const holder = await hold([`--${file}`]);
  try {
    const seen = await inside(file, (c) => {
      drop(c, kind);
      c.linux.namespaces.push({ type: kind, path: holder.path(file) });
      if (kind === "uts") delete c.hostname;
    });
    expect(seen).toBe(readlinkSync(holder.path(file)));
  } finally {
    holder.close();
  }
});

test("a pid namespace of another container joined by path", async () => {
  const first = await box.container((c) => {
    c.process.args = ["sleep", "98765"];
  });
  const { pid } = await first.launch();
  const seen = await box.sh("cat /proc/1/cmdline | tr '\\0' ' '; test $$ -gt 1 && echo behind", (c) => {
    drop(c, "pid");
    c.linux.namespaces.push({ type: "pid", path: `/proc/${pid}/ns/pid` });
  });
  expect(seen).toBe("sleep 98765 behind");
});

test("hostname is set in a joined uts namespace", async () => {
  const holder = await hold(["--uts"], "hostname before");
  try {
    const seen = await box.sh("hostname", (c) => {
      drop(c, "uts");
      c.hostname = "after";
      c.linux.namespaces.push({ type: "uts", path: holder.path("uts") });
    });
    expect(seen).toBe("after");
  } finally {
    holder.close();
  }
});

test("a path of another type is an error", async () => {
  const c = await box.container((config) => {
    drop(config, "network");
    config.linux.namespaces.push({ type: "network", path: "/proc/self/ns/uts" });
  });
  expect((await c.create()).code).toBe(1);
  expect((await c.stateOutcome()).code).toBe(1);
});

test("a path that is not there is an error that names it", async () => {
  const outcome = await box.run((c) => {
    drop(c, "network");
    c.linux.namespaces.push({ type: "network", path: "/nowhere/net" });
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("/nowhere/net");
});

unlessPeer(["crun"], "takes the second without a word")("one type twice is an error", async () => {
  const outcome = await box.run((c) => void c.linux.namespaces.push({ type: "ipc" }));
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("ipc");
});

test("an unknown type is an error that names it", async () => {
  const outcome = await box.run((c) => void c.linux.namespaces.push({ type: "pidd" }));
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("pidd");
});

test("a cgroup namespace has the container's cgroup as its root", async () => {
  const seen = await box.sh("cat /proc/self/cgroup; cat /sys/fs/cgroup/pids/pids.max", (c) => {
    c.linux.namespaces.push({ type: "cgroup" });
    c.linux.resources.pids = { limit: 77 };
  });
  expect(seen).toMatch(/:pids:\/$/m);
  expect(seen.split("\n").at(-1)).toBe("77");
});

test("a network namespace of its own has nothing but a loopback device", async () => {
  expect(await box.sh("ls /sys/class/net")).toBe("lo");
});

test("a container outlives the runtime and is alone in its pid namespace", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sh", "-c", "echo $(ls -d /proc/[0-9]*); sleep 100"];
  });
  await c.launch();
  expect((await c.says("/proc/1")).trim()).toMatch(/^\/proc\/1( \/proc\/\d)?$/);
  expect(succeeded(await c.exec(["sh", "-c", "echo $$"])).stdout.trim()).toMatch(/^\d+$/);
});

unlessPeer(["crun"], "changes the host's parameter")(
  "a sysctl of a joined network that is the host's own is refused",
  async () => {
    const { code, stderr } = await box.run((c) => {
      drop(c, "network");
      c.linux.namespaces.push({ type: "network", path: `/proc/${process.pid}/ns/net` });
      c.linux.sysctl = { "net.ipv4.ip_unprivileged_port_start": "81" };
    });
    expect(stderr).toMatch(/net\.ipv4\.ip_unprivileged_port_start/);
    expect(code).toBe(1);
  },
);

unlessPeer(["runc", "crun"], "has the container change the host's mounts")(
  "the host's own mount namespace is not joined as the container's",
  async () => {
    const { code, stderr } = await box.run((c) => {
      drop(c, "mount");
      c.linux.namespaces.push({ type: "mount", path: `/proc/${process.pid}/ns/mnt` });
    });
    expect(stderr).toMatch(/need a mount namespace \(config\.json \/mounts\)/);
    expect(code).toBe(1);
  },
);
