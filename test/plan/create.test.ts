import { expect, describe as group, test } from "@jest/globals";
import type { Spec } from "../../runtime/spec/generated/types.js";
import { HOST, linesOf, planOf, specWith, UNIFIED, withUserNamespace } from "../support/plan.js";

const NAMESPACE_FILE = { type: 0x40000000, id: "4:1", owner: "4:0" };

/** One spec per feature; each is planned on a hybrid host, on a v2 host, and with a user namespace. */
const FEATURES: Readonly<Record<string, (spec: Spec) => void>> = {
  example: () => {},
  "no process": (spec) => {
    delete spec.process;
  },
  "read-only root, masks, sysctl": (spec) => {
    spec.root = { path: "rootfs", readonly: true };
    spec.linux = { ...spec.linux, sysctl: { "net.ipv4.ip_forward": "1", "kernel/shmmax": "65536" } };
    spec.domainname = "example.org";
  },
  "binds and propagation": (spec) => {
    spec.mounts?.push(
      { destination: "/data", source: "/host/data", type: "none", options: ["rbind", "ro", "rslave"] },
      { destination: "relative/here", source: "sub", options: ["bind", "rro", "nosuid"] },
    );
    spec.linux = { ...spec.linux, rootfsPropagation: "shared" };
  },
  "cgroup mount": (spec) => {
    spec.mounts?.push({
      destination: "/sys/fs/cgroup",
      type: "cgroup",
      source: "cgroup",
      options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
    });
  },
  "tmpfs with content": (spec) => {
    spec.mounts?.push(
      { destination: "/run", type: "tmpfs", source: "tmpfs", options: ["rw", "size=1m", "tmpcopyup"] },
      { destination: "/kept", type: "tmpfs", source: "tmpfs", options: ["ro", "nosuid", "tmpcopyup", "mode=700"] },
      { destination: "/outer", type: "tmpfs", source: "tmpfs", options: ["ro"] },
      { destination: "/outer/inner", type: "tmpfs", source: "tmpfs", options: ["ro"] },
    );
  },
  "mounts with mapped ids": (spec) => {
    const maps = [{ containerID: 0, hostID: 5, size: 10 }];
    spec.mounts?.push(
      { destination: "/a", source: "/host/a", options: ["rbind", "ridmap"], uidMappings: maps, gidMappings: maps },
      { destination: "/b", source: "/host/b", options: ["bind", "idmap=uids=0-7-1;gids=0-8-1#5-9-2"] },
      { destination: "/c", type: "tmpfs", source: "tmpfs", options: ["ro", "idmap=uids=0-7-1;gids=0-8-1"] },
    );
  },
  "a time namespace": (spec) => {
    spec.linux?.namespaces?.push({ type: "time" });
    Object.assign(spec.linux ?? {}, { timeOffsets: { boottime: { secs: -5 }, monotonic: { nanosecs: 7 } } });
  },
  "maps without root": (spec) => {
    spec.linux?.namespaces?.push({ type: "user" });
    const uidMappings = [{ containerID: 500, hostID: 100_000, size: 1000 }];
    const gidMappings = [{ containerID: 600, hostID: 100_000, size: 1000 }];
    Object.assign(spec.linux ?? {}, { uidMappings, gidMappings });
    Object.assign(spec.process ?? {}, { user: { uid: 1000, gid: 1001 } });
    for (const mount of spec.mounts ?? []) mount.options = mount.options?.filter((option) => option !== "gid=5") ?? [];
  },
  "symbolic links as mounts": (spec) => {
    spec.mounts?.push(
      { destination: "/a", source: "/host/link", options: ["bind", "copy-symlink"] },
      { destination: "/b", source: "/host/none", options: ["rbind", "copy-symlink"] },
      { destination: "/c", source: "/host/link", options: ["bind", "src-nofollow", "dest-nofollow"] },
    );
  },
  remounts: (spec) => {
    spec.mounts?.push(
      { destination: "/a", source: "/host/a", options: ["rbind"] },
      { destination: "/a", options: ["remount", "ro", "rnosuid", "rslave"] },
      { destination: "/b", type: "tmpfs", source: "tmpfs", options: ["size=1m"] },
      { destination: "/b", type: "tmpfs", source: "tmpfs", options: ["remount", "ro", "size=2m"] },
      { destination: "/sys", options: ["remount", "ro"] },
    );
  },
  "a bind of sysfs": (spec) => {
    spec.mounts?.push({ destination: "/host-sys", source: "/sys", options: ["rbind", "ro"] });
  },
  "hooks of every kind": (spec) => {
    const hook = (name: string) => [{ path: `/hooks/${name}`, args: [name, "now"], timeout: 5 }];
    spec.hooks = {
      prestart: hook("prestart"),
      createRuntime: hook("createRuntime"),
      createContainer: hook("createContainer"),
      startContainer: hook("startContainer"),
      poststart: hook("poststart"),
      poststop: hook("poststop"),
    };
  },
  "identity and limits": (spec) => {
    Object.assign(spec.process ?? {}, {
      user: { uid: 1000, gid: 1000, additionalGids: [5, 5, 6], umask: 0o77 },
      oomScoreAdj: 100,
      cwd: "/home/user",
      env: ["PATH=/bin", "A=1", "A=2"],
      rlimits: [{ type: "RLIMIT_CORE", soft: 0n, hard: 18446744073709551615n }],
    });
  },
  devices: (spec) => {
    spec.linux = {
      ...spec.linux,
      devices: [
        { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o600, uid: 1, gid: 2 },
        { path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 0o444 },
        { path: "/dev/pipe", type: "p" },
      ],
    };
  },
  "network devices": (spec) => {
    spec.linux = { ...spec.linux, netDevices: { eth1: {}, wlan0: { name: "ctr%d" } } };
  },
  "joined network": (spec) => {
    const network = spec.linux?.namespaces?.find(({ type }) => type === "network");
    if (network) network.path = "/run/netns/blue";
  },
};

const host = { ...HOST, links: { "/host/link": "to/there" }, namespaceFiles: { "/run/netns/blue": NAMESPACE_FILE } };

group.each(Object.entries(FEATURES))("plan of %s", (_name, change) => {
  test("on a hybrid host", () => {
    expect(linesOf(planOf(specWith(change), host))).toMatchSnapshot();
  });

  test("with a user namespace", () => {
    if (specWith(change).linux?.uidMappings !== undefined) return;
    const spec = specWith((it) => {
      change(it);
      withUserNamespace(it);
    });
    expect(linesOf(planOf(spec, host))).toMatchSnapshot();
  });

  test("on a v2 host", () => {
    const steps = planOf(specWith(change), { ...host, cgroups: UNIFIED });
    expect(linesOf(steps).filter((line) => /cgroup/i.test(line))).toMatchSnapshot();
  });
});
