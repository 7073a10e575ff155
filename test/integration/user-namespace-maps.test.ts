import { chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output, run, succeeded } from "../../bundles/command.ts";
import type { Config, IdMapping } from "../../bundles/config.ts";
import { hold, holdUser } from "../../bundles/holder.ts";
import { useBox } from "../support/container.ts";
import { type MountLine, mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();
const OUTSIDE = 100_000;
const MAPPING = [{ containerID: 0, hostID: OUTSIDE, size: 65_536 }];
const PEERS = ["runc", "crun"];

async function rootfsOf(owner: number): Promise<string> {
  const to = join(box.session.dir, box.session.unique());
  const { config } = await box.container();
  await output("cp", ["-a", config.root.path, to]);
  await output("chown", ["-hR", `${owner}:${owner}`, to]);
  return to;
}

/** Gives a config a user namespace of its own. */
function mapped(c: Config, uids: IdMapping[] = MAPPING, gids = uids): void {
  c.linux.namespaces.push({ type: "user" });
  c.linux.uidMappings = uids;
  c.linux.gidMappings = gids;
}

async function inside(script: string, change: (c: Config) => void = mapped, owner = OUTSIDE): Promise<string> {
  return box.sh(script, change, { rootfs: await rootfsOf(owner) });
}

const lines = (text: string): string[] => text.split("\n").map((line) => line.trim().replace(/\s+/g, " "));

test("as many ranges as the kernel takes", async () => {
  const ranges = Array.from({ length: 300 }, (_, index) => ({ containerID: index, hostID: 1000 + index * 2, size: 1 }));
  const seen = await inside("wc -l < /proc/self/uid_map; tail -n 1 /proc/self/gid_map", (c) => mapped(c, ranges), 1000);
  expect(lines(seen)).toEqual(["300", "299 1598 1"]);
});

unlessPeer(PEERS, "leaves it to the kernel, or cuts it")("more ranges than that are refused", async () => {
  const ranges = Array.from({ length: 341 }, (_, index) => ({ containerID: index, hostID: 1000 + index * 2, size: 1 }));
  const { code, stderr } = await box.run((c) => mapped(c, ranges));
  expect(stderr).toMatch(/linux\.uidMappings has more than 340 entries \(config\.json \/linux\/uidMappings/);
  expect(code).toBe(1);
});

unlessPeer(PEERS, "says no more than the kernel")("a text of more than a page is refused with the reason", async () => {
  const ranges = Array.from({ length: 330 }, (_, i) => ({
    containerID: i + 10_000,
    hostID: 1_000_000 + i * 2,
    size: 1,
  }));
  const { stderr } = await box.run((c) => {
    mapped(c, ranges);
    c.process.user = { uid: 10_000, gid: 10_000 };
    c.mounts = c.mounts.filter(({ type }) => type !== "devpts");
  });
  expect(stderr).toMatch(
    /write id maps .*: invalid argument: the kernel takes 340 ranges, as text of less than a page/,
  );
});

unlessPeer(PEERS, "wants a root")("maps without 0: init works as the program's user", async () => {
  const maps = [{ containerID: 500, hostID: OUTSIDE, size: 1000 }];
  const change = (c: Config): void => {
    mapped(c, maps);
    c.process.user = { uid: 1000, gid: 1001 };
    c.process.cwd = "/made/by/init";
    c.mounts = c.mounts.map((mount) => ({
      ...mount,
      options: (mount.options ?? []).filter((o) => !o.startsWith("gid=")),
    }));
  };
  const rootfs = await rootfsOf(OUTSIDE + 500);
  const seen = await box.sh("id -u; id -g; pwd; stat -c %u:%g . /dev; cat /proc/self/uid_map", change, { rootfs });
  expect(lines(seen)).toEqual(["1000", "1001", "/made/by/init", "1000:1001", "1000:1001", "500 100000 1000"]);
});

unlessPeer(PEERS, "says no more than the kernel")(
  "a user or a group that is not mapped is refused by name",
  async () => {
    const small = [{ containerID: 0, hostID: OUTSIDE, size: 10 }];
    for (const [user, expected] of [
      [{ uid: 10, gid: 0 }, /uid 10 is not mapped in the user namespace \(config\.json \/process\/user\/uid\)/],
      [{ uid: 0, gid: 11 }, /gid 11 is not mapped .*\/process\/user\/gid\)/],
      [{ uid: 0, gid: 0, additionalGids: [1, 12] }, /12 is not mapped .*\/process\/user\/additionalGids\/1\)/],
    ] as const) {
      const { stderr } = await box.run((c) => {
        mapped(c, small);
        c.mounts = c.mounts.filter(({ type }) => type !== "devpts");
        Object.assign(c.process, { user });
      });
      expect(stderr).toMatch(expected);
    }
    const { stderr } = await box.run((c) => mapped(c, [{ containerID: 0, hostID: OUTSIDE, size: 5 }]));
    expect(stderr).toMatch(
      /mount \/dev\/pts: gid 5 is not mapped in the user namespace \(config\.json \/mounts\/2\/options\)/,
    );
  },
);

unlessPeer(PEERS, "says no more than the kernel")(
  "exec with a user that is not mapped is refused by name",
  async () => {
    const container = await box.container(
      (c) => {
        mapped(c, [{ containerID: 0, hostID: OUTSIDE, size: 100 }]);
        c.process.args = ["sleep", "100"];
      },
      { rootfs: await rootfsOf(OUTSIDE) },
    );
    await container.launch();
    expect(succeeded(await container.exec(["id", "-u"], ["-u", "99:99"])).stdout).toBe("99\n");
    expect((await container.exec(["id"], ["-u", "100:0"])).stderr).toContain(
      "uid 100 is not mapped in the user namespace",
    );
  },
);

unlessPeer(PEERS, "joins none without maps, or execs without the groups")(
  "a user namespace joined by path, with its maps",
  async () => {
    const holder = await holdUser(`0 ${OUTSIDE} 65536`, `0 ${OUTSIDE} 65536`);
    try {
      const container = await box.container(
        (c) => {
          c.linux.namespaces.push({ type: "user", path: holder.path("user") });
          c.process.args = ["sleep", "100"];
          c.process.user = { uid: 1000, gid: 1000, additionalGids: [7] };
        },
        { rootfs: await rootfsOf(OUTSIDE) },
      );
      const { pid } = await container.launch();
      expect(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]).toBe("101000");
      const { stdout } = succeeded(await container.exec(["sh", "-c", "id -u; id -G; readlink /proc/self/ns/user"]));
      expect(stdout.split("\n").slice(0, 2)).toEqual(["1000", "1000 7"]);
    } finally {
      holder.close();
    }
  },
);

unlessPeer(PEERS, "joins none without maps, or does not see the mount")(
  "a user namespace that is mounted on a file",
  async () => {
    const holder = await holdUser(`0 ${OUTSIDE} 65536`, `0 ${OUTSIDE} 65536`);
    const file = join(box.session.dir, box.session.unique());
    writeFileSync(file, "");
    try {
      await output("mount", ["--bind", holder.path("user"), file]);
      holder.close();
      const seen = await inside("id -u; cat /proc/self/uid_map", (c) => {
        c.linux.namespaces.push({ type: "user", path: file });
      });
      expect(lines(seen)).toEqual(["0", "0 100000 65536"]);
    } finally {
      await run("umount", [file]);
    }
  },
);

unlessPeer(PEERS, "says no more than the kernel")("a joined user namespace that denies setgroups", async () => {
  const holder = await hold(["--user", "--map-root-user"]);
  try {
    const join = (c: Config): void => {
      c.linux.namespaces.push({ type: "user", path: holder.path("user") });
      c.mounts = c.mounts.filter(({ type }) => type !== "devpts");
    };
    expect(await inside("id -u; cat /proc/self/setgroups", join, 0)).toBe("0\ndeny");
    const { stderr } = await box.run((c) => {
      join(c);
      c.process.user = { uid: 0, gid: 0, additionalGids: [0] };
    });
    expect(stderr).toMatch(/setgroups is denied .*\(config\.json \/process\/user\/additionalGids\)/);
  } finally {
    holder.close();
  }
});

unlessPeer(PEERS, "is silent")("maps beside a joined user namespace that has other ones are a warning", async () => {
  const holder = await holdUser(`0 ${OUTSIDE} 65536`, `0 ${OUTSIDE} 65536`);
  try {
    const { code, stderr } = await box.run(
      (c) => {
        mapped(c, [{ containerID: 0, hostID: 7, size: 65_536 }], MAPPING);
        c.linux.namespaces = c.linux.namespaces.map((one) =>
          one.type === "user" ? { ...one, path: holder.path("user") } : one,
        );
      },
      { rootfs: await rootfsOf(OUTSIDE) },
    );
    expect(stderr).toMatch(/linux\.uidMappings is not that of the user namespace/);
    expect(stderr).not.toMatch(/linux\.gidMappings/);
    expect(code).toBe(0);
  } finally {
    holder.close();
  }
});

test("devices of the config are bound from the host", async () => {
  const seen = await inside("stat -c '%n %t:%T' /dev/null /dev/tun; echo x > /dev/null", (c) => {
    mapped(c);
    c.linux.devices = [{ path: "/dev/tun", type: "c", major: 1, minor: 5 }];
    if (box.session.kind !== "tsrun") c.linux.devices = [{ path: "/dev/zero", type: "c", major: 1, minor: 5 }];
    if (box.session.kind !== "tsrun") c.process.args[2] = "printf '/dev/null 1:3\\n/dev/tun 1:5\\n'";
  });
  expect(seen).toBe("/dev/null 1:3\n/dev/tun 1:5");
});

unlessPeer(PEERS, "binds whatever is at the path, or fails")(
  "a device that the host does not have is refused by name",
  async () => {
    const { stderr } = await box.run((c) => {
      mapped(c);
      c.linux.devices = [{ path: "/dev/nothing", type: "b", major: 250, minor: 77 }];
    });
    expect(stderr).toMatch(
      /device \/dev\/nothing \(b 250:77\): a user namespace can't make it, and the host has none to bind \(config\.json \/linux\/devices\/0\)/,
    );
  },
);

unlessPeer(PEERS, "is silent")("a mode that the bound node does not have is a warning; a fifo is made", async () => {
  const { stdout, stderr } = await box.run(
    (c) => {
      mapped(c);
      c.linux.devices = [
        { path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 0o600 },
        { path: "/dev/full", type: "c", major: 1, minor: 7, fileMode: 0o666, uid: 0, gid: 0 },
        { path: "/dev/pipe", type: "p", fileMode: 0o640, uid: 1, gid: 2 },
      ];
      c.process.args = ["stat", "-c", "%F %a %u:%g", "/dev/pipe"];
    },
    { rootfs: await rootfsOf(OUTSIDE) },
  );
  expect(stdout).toBe("fifo 640 1:2\n");
  expect(stderr).toMatch(
    /device \/dev\/zero keeps the host's mode and owner: it is bound from \/dev\/zero \(config\.json \/linux\/devices\/0\)/,
  );
  expect(stderr).not.toMatch(/\/dev\/(full|pipe)/);
});

/** Drops a namespace, so that the container is in the host's, which its user namespace does not own. */
function without(type: string): (c: Config) => void {
  return (c) => {
    mapped(c);
    c.linux.namespaces = c.linux.namespaces.filter((one) => one.type !== type);
    if (type === "uts") delete c.hostname;
  };
}

/** The mounts at and below /sys in a container of the host's network. */
async function sysMounts(change: (c: Config) => void): Promise<MountLine[]> {
  const seen = await inside("ls /sys/class/net; echo; cat /proc/self/mountinfo", (c) => {
    without("network")(c);
    c.mounts = c.mounts.filter(({ type }) => type !== "cgroup");
    change(c);
  });
  const [interfaces = "", mounts = ""] = seen.split("\n\n");
  expect(interfaces.split("\n").sort()).toEqual(readdirSync("/sys/class/net").sort());
  return parseMounts(mounts).filter(({ point }) => /^\/sys(\/|$)/.test(point));
}

const areReadonly = (mounts: MountLine[]): string[] =>
  mounts.filter(({ options }) => !options.includes("ro")).map(({ point }) => point);

unlessPeer(PEERS, "fails, or leaves cgroups writable")(
  "sysfs comes from the host where the network is the host's, read-only with all below (CVE-2023-25809)",
  async () => {
    const mounts = await sysMounts(() => undefined);
    expect(mounts.some(({ point }) => point.startsWith("/sys/fs/cgroup/"))).toBe(true);
    expect(areReadonly(mounts.filter(({ point }) => point !== "/sys/firmware"))).toEqual([]);
  },
);

unlessPeer(PEERS, "leaves cgroups writable then")(
  "a writable one has its cgroups read-only (CVE-2023-25809)",
  async () => {
    const mounts = await sysMounts((c) => {
      for (const mount of c.mounts) if (mount.type === "sysfs") mount.options = ["nosuid", "nodev", "noexec", "rw"];
    });
    const writable = areReadonly(mounts);
    expect(writable).toContain("/sys");
    expect(writable.filter((point) => point.startsWith("/sys/fs/cgroup"))).toEqual([]);
  },
);

unlessPeer(PEERS, "leaves cgroups writable then")("so they are where sysfs is bound (CVE-2023-25809)", async () => {
  const mounts = await sysMounts((c) => {
    c.mounts = c.mounts.filter(({ type }) => type !== "sysfs");
    c.mounts.push({
      destination: "/sys",
      type: "none",
      source: "/sys",
      options: ["rbind", "nosuid", "noexec", "nodev"],
    });
  });
  expect(mountAt(mounts, "/sys").type).toBe("sysfs");
  const seen = new Map(mounts.map((mount) => [mount.point, mount]));
  const cgroups = [...seen.values()].filter(({ point }) => point.startsWith("/sys/fs/cgroup"));
  expect(cgroups.length).toBeGreaterThan(1);
  expect(areReadonly(cgroups)).toEqual([]);
});

unlessPeer(PEERS, "fails")("procfs comes from the host where the pid namespace is the host's", async () => {
  const seen = await inside("readlink /proc/self; cat /proc/1/comm; echo $$", without("pid"));
  const [self, comm, own] = seen.split("\n");
  expect(comm).toBe(readFileSync("/proc/1/comm", "utf8").trim());
  expect(Number(self)).toBeGreaterThan(1);
  expect(Number(own)).toBeGreaterThan(1);
});

unlessPeer(PEERS, "binds whatever is in the place")("a host without mqueue has none to give", async () => {
  if (existsSync("/dev/mqueue")) return;
  const { stderr } = await box.run(without("ipc"), { rootfs: await rootfsOf(OUTSIDE) });
  expect(stderr).toMatch(
    /mount mqueue on \/dev\/mqueue .*: no such file or directory: \/dev\/mqueue \(config\.json \/mounts\/4\)/,
  );
});

test("what is in the rootfs keeps its owner", async () => {
  const rootfs = await rootfsOf(OUTSIDE);
  writeFileSync(join(rootfs, "strange"), "");
  chownSync(join(rootfs, "strange"), 5, 6);
  expect(await box.sh("stat -c %u:%g /strange", (c) => mapped(c), { rootfs })).toBe("65534:65534");
  expect(statSync(join(rootfs, "strange")).uid).toBe(5);
});
