import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Change } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { type MountLine, mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();

async function mounts(change: Change, rootfs: "own" | "shared" = "shared"): Promise<MountLine[]> {
  return parseMounts(await box.sh("cat /proc/self/mountinfo", change, { rootfs }));
}

/** A folder of the session with a file `greeting` in it. */
function hostFolder(): string {
  const folder = join(box.session.dir, box.session.unique());
  mkdirSync(folder);
  writeFileSync(join(folder, "greeting"), "hello\n");
  return folder;
}

test("mounts are made in the listed order", async () => {
  const listed = await mounts((c) => {
    c.mounts.push({ destination: "/mnt", type: "tmpfs", source: "one" });
    c.mounts.push({ destination: "/mnt/two", type: "tmpfs", source: "two" });
    c.mounts.push({ destination: "/mnt/two/three", type: "tmpfs", source: "three" });
    c.mounts.push({ destination: "/mnt/two", type: "tmpfs", source: "four" });
  });
  const ours = listed.filter((mount) => mount.point.startsWith("/mnt"));
  expect(ours.map((mount) => `${mount.point} ${mount.source}`)).toEqual([
    "/mnt one",
    "/mnt/two two",
    "/mnt/two/three three",
    "/mnt/two four",
  ]);
});

test("the filesystems of the template", async () => {
  const listed = await mounts(() => undefined);
  const seen = (point: string): string => {
    const { type, options } = mountAt(listed, point);
    return `${type} ${options.filter((o) => ["ro", "rw", "nosuid", "nodev", "noexec"].includes(o)).join(",")}`;
  };
  expect(
    Object.fromEntries(["/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"].map((p) => [p, seen(p)])),
  ).toEqual({
    "/": expect.stringMatching(/ ro$/),
    "/proc": "proc rw",
    "/dev": "tmpfs rw,nosuid",
    "/dev/pts": "devpts rw,nosuid,noexec",
    "/dev/shm": "tmpfs rw,nosuid,nodev,noexec",
    "/dev/mqueue": "mqueue rw,nosuid,nodev,noexec",
    "/sys": "sysfs ro,nosuid,nodev,noexec",
  });
  expect(mountAt(listed, "/dev").superOptions).toEqual(expect.arrayContaining(["size=65536k", "mode=755"]));
  expect(mountAt(listed, "/dev/pts").superOptions).toEqual(
    expect.arrayContaining(["gid=5", "mode=620", "ptmxmode=666"]),
  );
});

/** What each option of the specification's table leaves in mountinfo: `!x` means that x is not there. */
const OPTIONS: readonly (readonly [string, string])[] = [
  ["ro", "ro"],
  ["rw", "rw"],
  ["nosuid", "nosuid"],
  ["nosuid,suid", "!nosuid"],
  ["nodev", "nodev"],
  ["nodev,dev", "!nodev"],
  ["noexec", "noexec"],
  ["noexec,exec", "!noexec"],
  ["noatime", "noatime"],
  ["noatime,atime", "!noatime"],
  ["nodiratime", "nodiratime"],
  ["nodiratime,diratime", "!nodiratime"],
  ["relatime", "relatime"],
  ["strictatime", "!relatime"],
  ["strictatime,nostrictatime", "relatime"],
  ["norelatime", "!noatime"],
  ["sync", "sync"],
  ["sync,async", "!sync"],
  ["dirsync", "dirsync"],
  ["nosuid,nodev,noexec,ro,noatime", "nosuid nodev noexec ro noatime"],
];

function onTmpfs(options: readonly string[]): Change {
  return (c) => {
    c.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs" });
    for (const [index, option] of options.entries()) {
      c.mounts.push({ destination: `/mnt/${index}`, type: "tmpfs", source: "tmpfs", options: option.split(",") });
    }
  };
}

function check(mount: MountLine, expected: string): void {
  const all = [...mount.options, ...mount.superOptions];
  for (const word of expected.split(" ")) {
    if (word.startsWith("!")) expect(all).not.toContain(word.slice(1));
    else expect(all).toContain(word);
  }
}

unlessPeer(["crun"], "sets a flag that a later option takes back")("every plain option of the table", async () => {
  const listed = await mounts(onTmpfs(OPTIONS.map(([option]) => option)));
  for (const [index, [option, expected]] of OPTIONS.entries()) {
    try {
      check(mountAt(listed, `/mnt/${index}`), expected);
    } catch (error) {
      throw new Error(`${option}: ${String(error)}`);
    }
  }
});

unlessPeer(["crun"], "knows no lazytime, iversion and their opposites")(
  "lazytime, nolazytime, iversion, noiversion",
  async () => {
    const listed = await mounts(
      onTmpfs(["lazytime", "lazytime,nolazytime", "iversion", "noiversion", "silent", "loud"]),
    );
    check(mountAt(listed, "/mnt/0"), "lazytime");
    check(mountAt(listed, "/mnt/1"), "!lazytime");
    expect(mountAt(listed, "/mnt/3").type).toBe("tmpfs");
  },
);

unlessPeer(["runc", "crun"], "knows no nosymfollow yet")("nosymfollow and symfollow", async () => {
  const listed = await mounts(onTmpfs(["nosymfollow", "nosymfollow,symfollow"]));
  check(mountAt(listed, "/mnt/0"), "nosymfollow");
  check(mountAt(listed, "/mnt/1"), "!nosymfollow");
});

unlessPeer(["runc"], "hands it to the filesystem, which does not know it")("defaults", async () => {
  check(mountAt(await mounts(onTmpfs(["defaults"])), "/mnt/0"), "rw");
});

test("remount changes a mount that is there", async () => {
  const listed = await mounts((c) => {
    c.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["size=1m"] });
    c.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["remount", "ro", "nosuid"] });
  });
  expect(listed.filter((mount) => mount.point === "/mnt")).toHaveLength(1);
  check(mountAt(listed, "/mnt"), "ro nosuid");
});

test("tmpfs takes size and mode", async () => {
  const listed = await mounts((c) => {
    c.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["size=1m", "mode=0711", "uid=7"] });
  });
  expect(mountAt(listed, "/mnt").superOptions).toEqual(expect.arrayContaining(["size=1024k", "mode=711", "uid=7"]));
});

test("a folder is bound, written from inside and outside", async () => {
  const folder = hostFolder();
  const text = await box.sh("cat /mnt/greeting; echo inside > /mnt/new", (c) => {
    c.mounts.push({ destination: "/mnt", type: "bind", source: folder, options: ["rbind", "rw"] });
  });
  expect(text).toBe("hello");
  expect(readdirSync(folder).sort()).toEqual(["greeting", "new"]);
});

test("a file is bound onto a file that is made for it", async () => {
  const folder = hostFolder();
  const text = await box.sh(
    "cat /etc/made/here; stat -c %F /etc/made/here",
    (c) => {
      c.root.readonly = false;
      c.mounts.push({
        destination: "/etc/made/here",
        type: "bind",
        source: join(folder, "greeting"),
        options: ["bind"],
      });
    },
    { rootfs: "own" },
  );
  expect(text).toBe("hello\nregular file");
});

test("the type of a bind mount is a dummy", async () => {
  const folder = hostFolder();
  const text = await box.sh("cat /mnt/greeting", (c) => {
    c.mounts.push({ destination: "/mnt", type: "none", source: folder, options: ["bind"] });
  });
  expect(text).toBe("hello");
});

test.each(["bind", "rbind"])("%s takes ro, nosuid, nodev, noexec and noatime", async (bind) => {
  const folder = hostFolder();
  const options = [bind, "ro", "nosuid", "nodev", "noexec", "noatime"];
  const listed = await mounts(
    (c) => void c.mounts.push({ destination: "/mnt", type: "bind", source: folder, options }),
  );
  check(mountAt(listed, "/mnt"), "ro nosuid nodev noexec noatime");
});

test("a read-only bind refuses writes and leaves its source alone", async () => {
  const folder = hostFolder();
  const outcome = await box.run((c) => {
    c.process.args = ["touch", "/mnt/new"];
    c.mounts.push({ destination: "/mnt", type: "bind", source: folder, options: ["bind", "ro"] });
  });
  expect(outcome.stderr).toContain("Read-only file system");
  writeFileSync(join(folder, "still"), "writable outside");
});

for (const [option, expected] of [
  ["shared", /^shared:\d+$/],
  ["rshared", /^shared:\d+$/],
  ["slave", /^(master:\d+)?$/],
  ["rslave", /^(master:\d+)?$/],
  ["private", /^$/],
  ["rprivate", /^$/],
  ["unbindable", /^unbindable$/],
  ["runbindable", /^unbindable$/],
] as const) {
  unlessPeer(["crun"], "makes all mounts private once more at the end")(`propagation ${option}`, async () => {
    const folder = hostFolder();
    const listed = await mounts((c) => {
      c.mounts.push({ destination: "/mnt", type: "bind", source: folder, options: ["rbind", option] });
    });
    expect(mountAt(listed, "/mnt").propagation.join(" ")).toMatch(expected);
  });
}

unlessPeer(["crun"], "takes it without a word")("a relative destination is taken as under /", async () => {
  const listed = await mounts((c) => void c.mounts.push({ destination: "mnt", type: "tmpfs", source: "tmpfs" }));
  expect(mountAt(listed, "/mnt").type).toBe("tmpfs");
});

test("a missing bind source is an error that names it, and leaves nothing", async () => {
  const c = await box.container((config) => {
    config.mounts.push({ destination: "/mnt", type: "bind", source: "/nowhere/at/all", options: ["rbind"] });
  });
  const outcome = await c.create();
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("/nowhere/at/all");
  expect(outcome.stderr.toLowerCase()).toContain("no such file or directory");
  expect((await c.stateOutcome()).code).toBe(1);
  expect(c.cgroup("pids")).toBeUndefined();
});

unlessPeer(["crun"], "refuses a destination behind such a link")(
  "destinations that lead out of the rootfs stay inside it",
  async () => {
    const outside = hostFolder();
    const before = statSync(outside).mtimeMs;
    let rootfs = "";
    const c = await box.container(
      (config, { bundle }) => {
        rootfs = join(bundle, "rootfs");
        config.root.readonly = false;
        config.process.args = ["cat", "/proc/self/mountinfo"];
        symlinkSync(outside, join(rootfs, "absolute"));
        symlinkSync(`../../../../../../../..${outside}`, join(rootfs, "mnt/relative"));
        const options = ["mode=755"];
        config.mounts.push({ destination: "/absolute/in", type: "tmpfs", source: "first", options });
        config.mounts.push({ destination: "/mnt/relative/by", type: "tmpfs", source: "second", options });
        config.mounts.push({ destination: "/../../mnt/../opt/here", type: "tmpfs", source: "third", options });
      },
      { rootfs: "own" },
    );
    const listed = parseMounts((await c.run()).stdout);
    const points = listed.filter((m) => ["first", "second", "third"].includes(m.source)).map((m) => m.point);
    expect(points).toEqual([join(outside, "in"), join(outside, "by"), "/opt/here"]);
    expect(readdirSync(outside)).toEqual(["greeting"]);
    expect(statSync(outside).mtimeMs).toBe(before);
    expect(statSync(join(rootfs, outside, "in")).isDirectory()).toBe(true);
  },
);

test("a read-only root, and one that is not", async () => {
  expect(await box.sh("touch /new 2>&1 || true")).toContain("Read-only file system");
  expect(
    await box.sh(
      "touch /new && echo made",
      (c) => {
        c.root.readonly = false;
      },
      { rootfs: "own" },
    ),
  ).toBe("made");
});

test("root.path may be relative to the bundle, and mounts of the host are not seen", async () => {
  const listed = await mounts((c) => {
    c.root.path = "./rootfs";
  }, "own");
  expect(listed.filter((mount) => mount.point.includes(box.session.dir))).toEqual([]);
  expect(mountAt(listed, "/").root).toContain("/rootfs");
});

const UNSEEN = `seen-nowhere-${process.pid}`;

test("the mounts of a container are not seen on the host", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
    config.mounts.push({ destination: "/mnt", type: "tmpfs", source: UNSEEN });
  });
  await c.launch();
  const table = parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  expect(table.filter((mount) => mount.source === UNSEEN)).toEqual([]);
});
