import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output } from "../../bundles/command.ts";
import type { Config, Mount } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { type MountLine, mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

// Volumes of the host, one with flags and a mount below, in a mount namespace that only this file's commands live in.
const box = useBox((dir) => ({
  mounts: [
    `mkdir ${dir}/strict ${dir}/plain`,
    `mount -t tmpfs -o mode=755,nosuid,nodev,noexec,noatime strict ${dir}/strict`,
    `mount -t tmpfs -o mode=755 plain ${dir}/plain`,
    `mkdir ${dir}/plain/sub`,
    `mount -t tmpfs -o mode=755 below ${dir}/plain/sub`,
    `mount --make-rshared ${dir}/plain`,
  ].join("; "),
}));
const PEERS = ["runc", "crun"];

function mapped(c: Config): void {
  const maps = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  c.linux.namespaces.push({ type: "user" });
  c.linux.uidMappings = maps;
  c.linux.gidMappings = maps;
}

let rootfs: Promise<string> | undefined;

/** One rootfs with all mount points, for either kind of container. */
async function prepare(): Promise<string> {
  const to = join(box.session.dir, "rootfs");
  const { config } = await box.container();
  await output("cp", ["-a", config.root.path, to]);
  mkdirSync(join(to, "data"));
  await output("chmod", ["-R", "go+rX", to]);
  return to;
}

interface Seen {
  readonly mounts: readonly MountLine[];
  readonly stderr: string;
}

async function run(mounts: readonly Mount[], user = false): Promise<Seen> {
  rootfs ??= prepare();
  const { stdout, stderr, code } = await box.run(
    (c) => {
      if (user) mapped(c);
      c.mounts.push(...mounts);
      c.process.args = ["cat", "/proc/self/mountinfo"];
    },
    { rootfs: await rootfs },
  );
  if (code !== 0) throw new Error(stderr);
  return { mounts: parseMounts(stdout), stderr };
}

const volume = (name: string, ...options: string[]): Mount => {
  return { destination: "/data", type: "bind", source: `${box.session.dir}/${name}`, options: ["rbind", ...options] };
};
const remount = (...options: string[]): Mount => ({ destination: "/data", options: ["remount", ...options] });

/** The options of the mounts of a volume on the host's side. */
async function hostOptions(name: string): Promise<readonly string[]> {
  const [program = "", ...args] = box.session.argv([]).slice(0, -3);
  const text = await output(program, [...args, "cat", "/proc/self/mountinfo"]);
  const { options, superOptions } = mountAt(parseMounts(text), `${box.session.dir}/${name}`);
  return [...options, ...superOptions.filter((word) => word === "ro")];
}

test("the filesystem's own options", async () => {
  const tmpfs = { destination: "/data", type: "tmpfs", source: "tmpfs", options: ["size=1m"] };
  const { mounts } = await run([tmpfs, { ...remount("size=2m", "nosuid"), type: "tmpfs", source: "tmpfs" }]);
  const { superOptions, options } = mountAt(mounts, "/data");
  expect(superOptions).toContain("size=2048k");
  expect(options).toContain("nosuid");
});

test("bind,remount changes the one mount", async () => {
  const { mounts } = await run([volume("plain"), remount("bind", "ro", "nosuid")]);
  expect(mountAt(mounts, "/data").options).toEqual(expect.arrayContaining(["ro", "nosuid"]));
  expect(mountAt(mounts, "/data/sub").options).toContain("rw");
  expect(await hostOptions("plain")).not.toContain("ro");
});

unlessPeer(PEERS, "makes the host's filesystem read-only")(
  "a remount of a bind never changes the host's filesystem",
  async () => {
    const { mounts } = await run([volume("plain"), remount("ro")]);
    expect(mountAt(mounts, "/data").options).toContain("ro");
    expect(await hostOptions("plain")).not.toContain("ro");
  },
);

unlessPeer(PEERS, "makes the host's filesystem read-only, or fails")(
  "nor does one of the kernel's filesystems that are the host's",
  async () => {
    const outcome = await box.run((c) => {
      c.linux.namespaces = c.linux.namespaces.filter(({ type }) => type !== "network");
      c.mounts = c.mounts.map((mount) => (mount.type === "sysfs" ? { ...mount, options: ["rw"] } : mount));
      c.mounts.push({ destination: "/sys", options: ["remount", "ro"] });
      c.mounts.push({ destination: "/sys/fs/cgroup/pids", options: ["remount", "ro"] });
      c.process.args = ["grep", "/sys", "/proc/self/mountinfo"];
    });
    const mounts = parseMounts(outcome.stdout);
    expect(mountAt(mounts, "/sys")).toMatchObject({ options: expect.arrayContaining(["ro"]), superOptions: ["rw"] });
    expect(mountAt(mounts, "/sys/fs/cgroup/pids").superOptions).toContain("rw");
  },
);

unlessPeer(PEERS, "leaves out what is for the whole tree")(
  "recursive options and propagation of a remount",
  async () => {
    const { mounts } = await run([volume("plain"), remount("bind", "rro", "rnosuid", "rshared")]);
    for (const point of ["/data", "/data/sub"]) {
      const { options, propagation } = mountAt(mounts, point);
      expect(options).toEqual(expect.arrayContaining(["ro", "nosuid"]));
      expect(propagation.join(" ")).toMatch(/shared:/);
    }
  },
);

unlessPeer(PEERS, "fails, or loses them")("in a user namespace a remount keeps the flags that are locked", async () => {
  const { mounts, stderr } = await run([volume("strict"), remount("bind", "ro")], true);
  expect(mountAt(mounts, "/data").options).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev", "noexec"]));
  if (box.session.kind === "tsrun") expect(stderr).toMatch(/flags that the host's mount has are kept/);
});

unlessPeer(PEERS, "fails, or loses them")(
  "in a user namespace a bind keeps what the host's mount has, and can have more",
  async () => {
    const { mounts } = await run([volume("strict", "ro")], true);
    expect(mountAt(mounts, "/data").options).toEqual(
      expect.arrayContaining(["ro", "nosuid", "nodev", "noexec", "noatime"]),
    );
  },
);

unlessPeer(PEERS, "keeps it in silence, or takes it away")(
  "taking a locked flag away is an error that says so",
  async () => {
    for (const option of ["suid", "dev", "exec"]) {
      await expect(run([volume("strict", option)], true)).rejects.toThrow(
        /operation not permitted: a flag that the host's mount has can't be taken away in a user namespace \(config\.json \/mounts\/7\)/,
      );
    }
    expect(mountAt((await run([volume("strict", "suid")])).mounts, "/data").options).not.toContain("nosuid");
  },
);

unlessPeer(PEERS, "has no such words")("the access times of the host's mount stay, with a warning", async () => {
  const { mounts, stderr } = await run([volume("strict", "relatime", "ro")], true);
  expect(mountAt(mounts, "/data").options).toEqual(expect.arrayContaining(["noatime", "ro"]));
  expect(stderr).toMatch(/the host's mode of access times is kept \(config\.json \/mounts\/7\)/);
});

unlessPeer(["crun"], "opens the tree with the host's rights")(
  "root of a user namespace can't take locked flags away later",
  async () => {
    rootfs ??= prepare();
    const { stdout } = await box.run(
      (c) => {
        mapped(c);
        const all = ["CAP_SYS_ADMIN"];
        c.process.capabilities = { bounding: all, permitted: all, effective: all };
        c.mounts.push(volume("strict"));
        c.process.args = ["sh", "-c", "mount -o remount,bind,exec,suid,dev,noatime /data; cat /proc/self/mountinfo"];
      },
      { rootfs: await rootfs },
    );
    expect(mountAt(parseMounts(stdout), "/data").options).toEqual(
      expect.arrayContaining(["nosuid", "nodev", "noexec"]),
    );
  },
);
