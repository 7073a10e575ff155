import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { unlessPeer } from "../support/runtime.ts";

const box = useBox();
const PEERS = ["runc", "crun"];
const UNKNOWN = "knows none of these options yet";

/** A folder with `file`, `link` to it and `gone`, a link to nowhere. */
function hostFolder(): string {
  const folder = join(box.session.dir, box.session.unique());
  mkdirSync(folder);
  writeFileSync(join(folder, "file"), "hello\n");
  symlinkSync("file", join(folder, "link"));
  symlinkSync("/no/where", join(folder, "gone"));
  return folder;
}

/** A rootfs of its own with a link `/here` to `/etc/target`. */
async function rootfs(owner = 0): Promise<string> {
  const to = join(box.session.dir, box.session.unique());
  const { config } = await box.container();
  await output("cp", ["-a", config.root.path, to]);
  writeFileSync(join(to, "etc/target"), "target\n");
  symlinkSync("/etc/target", join(to, "here"));
  await output("chown", ["-hR", `${owner}:${owner}`, to]);
  return to;
}

type Bind = { source: string; destination: string; options: string[] };

function bind({ source, destination, options }: Bind): (c: Config) => void {
  return (c) => void c.mounts.push({ destination, source, type: "bind", options: ["bind", ...options] });
}

function mapped(c: Config): void {
  const maps = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  c.linux.namespaces.push({ type: "user" });
  c.linux.uidMappings = maps;
  c.linux.gidMappings = maps;
}

test("without options links are followed on both sides", async () => {
  const own = await rootfs();
  const seen = await box.sh(
    "readlink /here; cat /etc/target",
    bind({ source: join(hostFolder(), "link"), destination: "/here", options: [] }),
    { rootfs: own },
  );
  expect(seen).toBe("/etc/target\nhello");
});

for (const user of [false, true]) {
  const where = user ? " in a user namespace" : "";
  const run = async (script: string, one: Bind): Promise<string> =>
    box.sh(
      script,
      (c) => {
        if (user) mapped(c);
        bind(one)(c);
      },
      { rootfs: await rootfs(user ? 100_000 : 0) },
    );

  unlessPeer(PEERS, UNKNOWN)(`copy-symlink makes the link again${where}`, async () => {
    const folder = hostFolder();
    const one = { source: join(folder, "gone"), destination: "/new/place", options: ["copy-symlink"] };
    expect(await run("readlink /new/place", one)).toBe("/no/where");
    const file = { source: join(folder, "file"), destination: "/new/place", options: ["copy-symlink"] };
    expect(await run("cat /new/place", file)).toBe("hello");
  });

  unlessPeer(PEERS, UNKNOWN)(`src-nofollow binds the link itself${where}`, async () => {
    const one = { source: join(hostFolder(), "gone"), destination: "/bound", options: ["src-nofollow"] };
    expect(await run("readlink /bound; grep -c ' /bound ' /proc/self/mountinfo", one)).toBe("/no/where\n1");
  });

  unlessPeer(PEERS, UNKNOWN)(`dest-nofollow binds on the link itself${where}`, async () => {
    const one = { source: join(hostFolder(), "file"), destination: "/here", options: ["dest-nofollow"] };
    expect(await run("cat /here /etc/target; readlink /here; echo $?", one)).toBe("hello\ntarget\n1");
  });

  unlessPeer(PEERS, UNKNOWN)(`both: a link on a link${where}`, async () => {
    const one = {
      source: join(hostFolder(), "gone"),
      destination: "/here",
      options: ["src-nofollow", "dest-nofollow"],
    };
    expect(await run("readlink /here; cat /etc/target", one)).toBe("/no/where\ntarget");
  });
}

unlessPeer(PEERS, UNKNOWN)("copy-symlink leaves what is the same, and refuses what is not", async () => {
  const folder = hostFolder();
  symlinkSync("/etc/target", join(folder, "same"));
  const own = await rootfs();
  const copy = (source: string, destination: string) => bind({ source, destination, options: ["copy-symlink"] });
  expect(await box.sh("cat /here", copy(join(folder, "same"), "/here"), { rootfs: own })).toBe("target");
  for (const destination of ["/here", "/etc/target"]) {
    const { code, stderr } = await box.run(copy(join(folder, "gone"), destination), { rootfs: own });
    expect(stderr).toMatch(/link .* to \/no\/where: file exists: .* is there \(config\.json \/mounts\/7\)/);
    expect(code).toBe(1);
  }
  expect(readlinkSync(join(own, "here"))).toBe("/etc/target");
});

unlessPeer(PEERS, UNKNOWN)("refused: not a bind, or two of them at once", async () => {
  for (const [type, options, expected] of [
    ["tmpfs", ["dest-nofollow"], /mounts\[7\] has an option on symbolic links, but is no bind mount/],
    ["bind", ["bind", "copy-symlink", "src-nofollow"], /mounts\[7\] has both copy-symlink and src-nofollow/],
  ] as const) {
    const { stderr } = await box.run((c) => {
      c.mounts.push({ destination: "/x", type, source: "/etc", options: [...options] });
    });
    expect(stderr).toMatch(expected);
  }
});
