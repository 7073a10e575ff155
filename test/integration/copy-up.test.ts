import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { output } from "../../bundles/command.ts";
import type { Change } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();
const DEPTH = 60;

/** What the covered directory `/kept` holds; made below the rootfs of a bundle. */
function fill(kept: string): void {
  mkdirSync(kept);
  writeFileSync(join(kept, "file"), "hello\n");
  chownSync(join(kept, "file"), 1000, 1001);
  chmodSync(join(kept, "file"), 0o640);
  utimesSync(join(kept, "file"), 1_000_000_000, 1_000_000_000);
  writeFileSync(join(kept, "tool"), "#!/bin/sh\n");
  chmodSync(join(kept, "tool"), 0o4755);
  mkdirSync(join(kept, "folder/inner"), { recursive: true });
  chownSync(join(kept, "folder"), 7, 8);
  chmodSync(join(kept, "folder"), 0o2770);
  writeFileSync(join(kept, "folder/inner/deep"), "deep\n");
  symlinkSync("file", join(kept, "link"));
  symlinkSync("/nowhere/at/all", join(kept, "dangling"));
  lutimesSync(join(kept, "link"), 1_000_000_000, 1_000_000_000);
  for (let index = 0; index < 300; index++) writeFileSync(join(kept, `folder/many-${index}`), `${index}`);
  mkdirSync(join(kept, ...Array.from({ length: DEPTH }, () => "d")), { recursive: true });
  chmodSync(kept, 0o1751);
  chownSync(kept, 3, 4);
}

let rootfs: string;

beforeAll(async () => {
  rootfs = join(box.session.dir, "rootfs");
  const { config } = await box.container();
  await output("cp", ["-a", config.root.path, rootfs]);
  fill(join(rootfs, "kept"));
  mkdirSync(join(rootfs, "more"));
  const odd =
    "cd $1 && mkfifo fifo && mknod null c 1 3 && mknod disk b 7 0 && truncate -s 64M holes && setfattr -n user.a -v b attributed";
  writeFileSync(join(rootfs, "more/attributed"), "");
  if (spawnSync("sh", ["-c", odd, "-", join(rootfs, "more")]).status !== 0) {
    await output("sh", [
      "-c",
      "cd $1 && rm -f fifo null disk && mkfifo fifo && mknod null c 1 3 && mknod disk b 7 0 && truncate -s 64M holes",
      "-",
      join(rootfs, "more"),
    ]);
  }
});

function copied(options: readonly string[], change: Change = () => undefined, destination = "/kept"): Change {
  return (c, container) => {
    c.mounts.push({ destination, type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", ...options] });
    const all = ["CAP_DAC_OVERRIDE"];
    c.process.capabilities = { bounding: all, permitted: all, effective: all };
    change(c, container);
  };
}

const sh = (script: string, change: Change): Promise<string> => box.sh(script, change, { rootfs });

test("the content is there, on a tmpfs, and the rootfs is not changed", async () => {
  const seen = await sh(
    "cat /kept/file /kept/folder/inner/deep /kept/link; ls /kept/folder | wc -l; cat /kept/folder/many-299; echo; " +
      "readlink /kept/dangling; echo new > /kept/new; rm -r /kept/folder; cat /proc/self/mountinfo",
    copied([]),
  );
  const lines = seen.split("\n");
  expect(lines.slice(0, 6)).toEqual(["hello", "deep", "hello", "301", "299", "/nowhere/at/all"]);
  const mount = mountAt(parseMounts(lines.slice(6).join("\n")), "/kept");
  expect([mount.type, mount.options.includes("rw")]).toEqual(["tmpfs", true]);
  expect(await output("ls", [join(rootfs, "kept")])).not.toContain("new");
  expect(await output("ls", [join(rootfs, "kept/folder")])).toContain("many-299");
});

unlessPeer(["runc"], "drops the set-group-id bit")("modes and owners are kept", async () => {
  const seen = await sh(
    "cd /kept; stat -c '%n %a %u:%g' file tool folder folder/inner; stat -c '%u:%g' link",
    copied([]),
  );
  expect(seen.split("\n")).toEqual([
    "file 640 1000:1001",
    "tool 4755 0:0",
    "folder 2770 7:8",
    "folder/inner 755 0:0",
    "0:0",
  ]);
});

unlessPeer(["runc", "crun"], "keeps no times")("times are kept", async () => {
  const seen = await sh("cd /kept; stat -c %Y file link", copied([]));
  expect(seen).toBe("1000000000\n1000000000");
});

unlessPeer(["runc", "crun"], "leaves the new root to root")(
  "mode and owner of the directory itself are kept, unless options say other ones",
  async () => {
    expect(await sh("stat -c '%a %u:%g' /kept", copied([]))).toBe("1751 3:4");
    expect(await sh("stat -c '%a %u:%g' /kept", copied(["mode=700", "uid=9"]))).toBe("700 9:0");
  },
);

test("a deep tree", async () => {
  expect(await sh("find /kept/d -type d | wc -l", copied([]))).toBe(`${DEPTH}`);
});

test("a read-only one holds the content too", async () => {
  const seen = await sh("cat /kept/file; touch /kept/new 2>&1; cat /proc/self/mountinfo", copied(["ro", "nosuid"]));
  const [text, refused, ...rest] = seen.split("\n");
  expect([text, refused]).toEqual(["hello", "touch: /kept/new: Read-only file system"]);
  expect(mountAt(parseMounts(rest.join("\n")), "/kept").options).toEqual(expect.arrayContaining(["ro", "nosuid"]));
});

unlessPeer(["runc"], "fails")("fifos and devices are nodes again, files keep their holes", async () => {
  const seen = await sh(
    "cd /more; stat -c '%n %F' fifo; stat -c '%n %F %t:%T' null disk; stat -c '%s %b' holes",
    copied([], undefined, "/more"),
  );
  expect(seen.split("\n")).toEqual([
    "fifo fifo",
    "null character special file 1:3",
    "disk block special file 7:0",
    expect.stringMatching(/^67108864 \d+$/),
  ]);
});

unlessPeer(["runc", "crun"], "fills the holes")("a sparse file takes no memory", async () => {
  const seen = await sh("stat -c %b /more/holes", copied(["size=1m"], undefined, "/more"));
  expect(seen).toBe("0");
});

test("what is mounted below is copied too", async () => {
  const change: Change = (c, container) => {
    c.mounts.push({ destination: "/kept/folder", type: "tmpfs", source: "below" });
    c.mounts.push({ destination: "/kept/folder/file", type: "bind", source: "/etc/hostname", options: ["bind"] });
    copied([])(c, container);
  };
  const seen = await sh("find /kept/folder; cat /kept/folder/file; cat /kept/tool", change);
  const host = readFileSync("/etc/hostname", "utf8");
  expect(seen).toBe(`/kept/folder\n/kept/folder/file\n${host}#!/bin/sh`);
});

unlessPeer(["runc", "crun"], "reads what the kernel makes up")(
  "of a procfs below there is the mount point",
  async () => {
    const seen = await sh("ls -A /kept/folder; cat /kept/file", (c, container) => {
      c.mounts.push({ destination: "/kept/folder", type: "proc", source: "proc" });
      copied([])(c, container);
    });
    expect(seen).toBe("hello");
  },
);

unlessPeer(["runc", "crun"], "copies whatever is there")(
  "a volume without devices and set-user-id does not give them on",
  async () => {
    const seen = await box.run(
      (c) => {
        c.process.args = ["sh", "-c", "stat -c %a /vol/tool; ls /vol"];
        c.mounts.push({ destination: "/vol", type: "bind", source: join(rootfs, "kept"), options: ["bind", "nosuid"] });
        c.mounts.push({ destination: "/vol", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] });
        c.mounts.push({ destination: "/odd", type: "bind", source: join(rootfs, "more"), options: ["bind", "nodev"] });
        c.mounts.push({ destination: "/odd", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"] });
        c.process.args = ["sh", "-c", "stat -c %a /vol/tool; ls /odd"];
      },
      { rootfs: await ownRootfs() },
    );
    expect([seen.stdout.split("\n"), seen.code]).toEqual([["755", "attributed", "fifo", "holes", ""], 0]);
    expect(seen.stderr).toMatch(/device (null|disk) is left out of the copy/);
  },
);

async function ownRootfs(): Promise<string> {
  const to = join(box.session.dir, box.session.unique());
  await output("cp", ["-a", rootfs, to]);
  return to;
}

unlessPeer(["runc", "crun"], "says something else")(
  "without room it says which file there is no room for",
  async () => {
    writeFileSync(join(rootfs, "more/large"), Buffer.alloc(256 * 1024));
    const outcome = await box.run(copied(["size=64k"], undefined, "/more"), { rootfs });
    await output("rm", [join(rootfs, "more/large")]);
    expect(outcome.stderr).toMatch(
      /mount tmpfs on \/more \(.*\): no space left on device: large \(config.json \/mounts\/7\)/,
    );
  },
);

unlessPeer(["runc", "crun"], "says something else, or nothing")("only a tmpfs can have it", async () => {
  const bind = { destination: "/kept", type: "bind", source: "/etc", options: ["bind", "tmpcopyup"] };
  const outcome = await box.run((c) => void c.mounts.push(bind), { rootfs });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(
    "mounts[7] has the option tmpcopyup, but is no tmpfs (config.json /mounts/7/options/1",
  );
});

test("in a user namespace, over files of its root", async () => {
  const own = await ownRootfs();
  await output("chown", ["-hR", "100000:100000", own]);
  const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  const seen = await box.sh(
    "cat /kept/file; stat -c %u:%g /kept/file /kept/folder",
    copied([], (c) => {
      c.linux.namespaces.push({ type: "user" });
      c.linux.uidMappings = mapping;
      c.linux.gidMappings = mapping;
    }),
    { rootfs: own },
  );
  expect(seen).toBe("hello\n0:0\n0:0");
});
