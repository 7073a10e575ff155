import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output } from "../../bundles/command.ts";
import type { Config, IdMapping, Mount } from "../../bundles/config.ts";
import { holdUser } from "../../bundles/holder.ts";
import { useBox } from "../support/container.ts";
import { mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();
const OUTSIDE = 100_000;
const MAPPING = [{ containerID: 0, hostID: OUTSIDE, size: 65_536 }];

/** A folder of the session with a file of root and one of uid 1000. */
function hostFolder(): string {
  const folder = join(box.session.dir, box.session.unique());
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  for (const id of [0, 1000]) {
    writeFileSync(join(folder, `of-${id}`), "");
    chownSync(join(folder, `of-${id}`), id, id);
  }
  return folder;
}

function mount(more: Partial<Mount>): Mount {
  return { destination: "/mnt", type: "bind", source: hostFolder(), options: ["bind", "idmap"], ...more };
}

async function ownRootfs(owner = OUTSIDE): Promise<string> {
  const to = join(box.session.dir, box.session.unique());
  const { config } = await box.container();
  await output("cp", ["-a", config.root.path, to]);
  await output("chown", ["-hR", `${owner}:${owner}`, to]);
  return to;
}

/** What a script prints in a container with these mounts, in a user namespace of its own unless `maps` is none. */
async function inside(
  script: string,
  mounts: readonly Mount[],
  maps: IdMapping[] | undefined = MAPPING,
): Promise<string> {
  return box.sh(script, (c) => addTo(c, mounts, maps), { rootfs: await ownRootfs(maps === NONE ? 0 : OUTSIDE) });
}

const NONE: IdMapping[] = [];

function addTo(c: Config, mounts: readonly Mount[], maps: IdMapping[]): void {
  const all = ["CAP_CHOWN"];
  c.process.capabilities = { bounding: all, permitted: all, effective: all };
  c.mounts.push(...mounts);
  if (maps === NONE) return;
  c.linux.namespaces.push({ type: "user" });
  c.linux.uidMappings = maps;
  c.linux.gidMappings = maps;
}

const OWNERS = "stat -c %u:%g /mnt/of-0 /mnt/of-1000";

unlessPeer(["runc"], "knows no idmap yet")("idmap without mappings is by the container's user namespace", async () => {
  const one = mount({});
  expect(await inside(`${OWNERS}; touch /mnt/new; chown 7:8 /mnt/new; stat -c %u:%g /mnt/new`, [one])).toBe(
    "0:0\n1000:1000\n7:8",
  );
  const { uid, gid } = statSync(join(one.source ?? "", "new"));
  expect([uid, gid]).toEqual([7, 8]);
});

test("without idmap the owners are nobody", async () => {
  expect(await inside(OWNERS, [mount({ options: ["bind"] })])).toBe("65534:65534\n65534:65534");
});

unlessPeer(["runc"], "knows no mappings of a mount yet")("mappings of the mount's own", async () => {
  const maps = [{ containerID: 1000, hostID: OUTSIDE + 5, size: 1 }];
  const one = mount({ uidMappings: maps, gidMappings: [{ containerID: 1000, hostID: OUTSIDE + 6, size: 1 }] });
  expect(await inside(OWNERS, [one])).toBe("65534:65534\n5:6");
});

unlessPeer(["runc"], "knows no mappings of a mount yet")("mappings without a user namespace", async () => {
  const maps = [
    { containerID: 0, hostID: 50, size: 1 },
    { containerID: 1000, hostID: 0, size: 1 },
  ];
  const one = mount({ uidMappings: maps, gidMappings: maps });
  expect(await inside(OWNERS, [one], NONE)).toBe("50:50\n0:0");
});

unlessPeer(["runc"], "knows no idmap yet")("crun's form of the option", async () => {
  const own = mount({ options: ["bind", `idmap=uids=0-${OUTSIDE + 3}-1#1000-${OUTSIDE}-1;gids=0-${OUTSIDE}-1001`] });
  expect(await inside(OWNERS, [own])).toBe("3:0\n0:1000");
  const relative = mount({ options: ["bind", "idmap=uids=@0-4-1#@1000-6-1;gids=@0-0-1#@1000-9-1"] });
  expect(await inside(OWNERS, [relative])).toBe("4:0\n6:9");
});

unlessPeer(["runc", "crun"], "takes the first range for all of it")(
  "a relative range over several ranges",
  async () => {
    const maps = [
      { containerID: 0, hostID: OUTSIDE, size: 10 },
      { containerID: 10, hostID: 300_000, size: 65_000 },
    ];
    const one = mount({ options: ["bind", "idmap=uids=@0-5-1001;gids=@0-5-1001"] });
    expect(await inside(OWNERS, [one], maps)).toBe("5:5\n1005:1005");
  },
);

unlessPeer(["runc", "crun"], "knows no ridmap yet")("idmap maps one mount, ridmap those below too", async () => {
  const seen = async (option: string): Promise<string> => {
    const session = box.session;
    const folder = hostFolder();
    mkdirSync(join(folder, "sub"));
    const script = `mount -t tmpfs tmpfs ${folder}/sub && touch ${folder}/sub/of-0 && exec "$@"`;
    const rootfs = await ownRootfs();
    const container = await session.container(
      (c) => {
        addTo(c, [mount({ source: folder, options: ["rbind", option] })], MAPPING);
        c.process.args = ["sh", "-c", `${OWNERS}; stat -c %u:%g /mnt/sub/of-0`];
      },
      { rootfs },
    );
    const command = session.argv(["run", "--bundle", container.bundle, container.id]);
    const { stdout } = spawnSync("unshare", ["-m", "sh", "-c", script, "-", ...command], { encoding: "utf8" });
    return stdout.trimEnd();
  };
  expect(await seen("idmap")).toBe("0:0\n1000:1000\n65534:65534");
  expect(await seen("ridmap")).toBe("0:0\n1000:1000\n0:0");
});

unlessPeer(["runc", "crun"], "maps binds only")("a new filesystem", async () => {
  const one: Mount = {
    destination: "/mnt",
    type: "tmpfs",
    source: "tmpfs",
    options: ["idmap", "mode=711", "size=1m", "noexec"],
  };
  const seen = await inside("touch /mnt/a; stat -c '%u:%g %a' /mnt /mnt/a; grep /mnt /proc/self/mountinfo", [one]);
  const [root, file, ...lines] = seen.split("\n");
  expect([root, file]).toEqual(["0:0 711", "0:0 644"]);
  const { superOptions, options } = mountAt(parseMounts(lines.join("\n")), "/mnt");
  expect(superOptions).toEqual(expect.arrayContaining(["size=1024k", "mode=711"]));
  expect(options).toEqual(expect.arrayContaining(["noexec", "idmapped"]));
});

unlessPeer(["runc", "crun"], "maps binds only")("a new filesystem takes over mode and content", async () => {
  const one: Mount = { destination: "/home", type: "tmpfs", source: "tmpfs", options: ["idmap", "tmpcopyup", "ro"] };
  const rootfs = await ownRootfs();
  mkdirSync(join(rootfs, "home/inner"), { recursive: true });
  chownSync(join(rootfs, "home/inner"), OUTSIDE + 4, OUTSIDE + 5);
  chmodSync(join(rootfs, "home"), 0o751);
  const script = "stat -c '%n %u:%g %a' /home /home/inner; touch /home/x 2>&1; true";
  expect(await box.sh(script, (c) => addTo(c, [one], MAPPING), { rootfs })).toBe(
    "/home 0:0 751\n/home/inner 4:5 755\ntouch: /home/x: Read-only file system",
  );
});

unlessPeer(["runc", "crun"], "has not found the way yet")("a joined user namespace maps too", async () => {
  const holder = await holdUser(`0 ${OUTSIDE} 65536`, `0 ${OUTSIDE} 65536`);
  try {
    const seen = await box.sh(
      `${OWNERS}; id -u`,
      (c) => {
        c.linux.namespaces.push({ type: "user", path: holder.path("user") });
        c.mounts.push(mount({}), mount({ destination: "/srv", options: ["bind", "idmap=uids=@0-9-1;gids=@0-9-1"] }));
        c.process.args[2] = `${OWNERS}; stat -c %u:%g /srv/of-0`;
      },
      { rootfs: await ownRootfs() },
    );
    expect(seen).toBe("0:0\n1000:1000\n9:9");
  } finally {
    holder.close();
  }
});

const REFUSED: readonly (readonly [string, Partial<Mount>, boolean, RegExp])[] = [
  [
    "no mapping at all",
    {},
    false,
    /mounts\[7\] has the option idmap, but neither it nor a user namespace has mappings/,
  ],
  ["uids alone", { uidMappings: MAPPING }, false, /must have both uidMappings and gidMappings or neither/],
  ["a text that is none", { options: ["bind", "idmap=uids=1-2"] }, true, /the option idmap has "1-2" where a range/],
  ["gids missing", { options: ["bind", "idmap=uids=0-1-2"] }, true, /the option idmap needs both uids= and gids=/],
  [
    "relative to nothing",
    { options: ["bind", "idmap=uids=@0-0-1;gids=@0-0-1"] },
    false,
    /relative to a user namespace/,
  ],
  [
    "beyond the namespace",
    { options: ["bind", "idmap=uids=@0-65530-9;gids=@0-0-1"] },
    true,
    /does not map all of them/,
  ],
  [
    "a filesystem that can't",
    { type: "proc", source: "proc", options: ["idmap"] },
    true,
    /id-mapped mount of proc: the filesystem \(proc\) can't be id-mapped by kernel \d/,
  ],
  [
    "a source that can't",
    { source: "/proc/sys" },
    true,
    /id-mapped mount of \/proc\/sys: the filesystem \(proc\) can't be id-mapped by kernel/,
  ],
  ["a missing source", { source: "/nowhere" }, true, /mount source \/nowhere: no such file or directory/],
  [
    "cgroups",
    { type: "cgroup", source: "cgroup", options: ["idmap"] },
    true,
    /mount \/mnt: a mount of type cgroup can't be id-mapped/,
  ],
  [
    "a bad filesystem option",
    { type: "tmpfs", source: "tmpfs", options: ["idmap", "siz=1"] },
    true,
    /mount of tmpfs: invalid argument: siz=1: tmpfs: Unknown parameter 'siz'/,
  ],
];

for (const [name, more, user, expected] of REFUSED) {
  unlessPeer(["runc", "crun"], "has other words")(`refused: ${name}`, async () => {
    const { code, stderr } = await box.run((c) => addTo(c, [mount(more)], user ? MAPPING : NONE), {
      rootfs: await ownRootfs(),
    });
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/\(config\.json \/mounts\/7/);
    expect(code).toBe(1);
  });
}

unlessPeer(["runc", "crun"], "cannot show it")("tsrun plan says the mapping", async () => {
  const container = await box.container((c) => addTo(c, [mount({ options: ["rbind", "ridmap"] })], MAPPING));
  const { stdout } = await box.session.call(["plan", "--bundle", container.bundle, container.id]);
  expect(stdout).toContain("on /mnt (ridmap=uids=0-100000-65536;gids=0-100000-65536)");
});
