import { join } from "node:path";
import { capturedText, writeClientFiles } from "../../bundles/captured.ts";
import { output } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import type { Session } from "../../bundles/session.ts";
import { VIEW_SCRIPT } from "./view.ts";

/** A container that every runtime is given alike. */
export interface Case {
  readonly name: string;
  readonly make: (session: Session) => Promise<Container>;
}

const PROGRAM = ["/bin/sh", "-c", VIEW_SCRIPT];

function fromTemplate(name: string, change: (c: Config) => void): Case {
  return {
    name,
    make: (session) =>
      session.container((c) => {
        c.process.args = PROGRAM;
        change(c);
      }),
  };
}

const MAPPING = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

/** The same with a user namespace: over a rootfs that belongs to its root. */
function mapped(name: string, change: (c: Config) => void): Case {
  const make = async (session: Session): Promise<Container> => {
    const container = await session.container(
      (c) => {
        c.process.args = PROGRAM;
        c.linux.namespaces.push({ type: "user" });
        c.linux.uidMappings = MAPPING;
        c.linux.gidMappings = MAPPING;
        change(c);
      },
      { rootfs: "own" },
    );
    await output("chown", ["-hR", "100000:100000", join(container.bundle, "rootfs")]);
    return container;
  };
  return { name, make };
}

/** A config.json as a client wrote it, with the view as its program. */
function captured(name: string): Case {
  const make = async (session: Session): Promise<Container> => {
    const draft = await session.container(() => undefined, { rootfs: "own" });
    const files = join(draft.bundle, "files");
    await writeClientFiles(files);
    const rootfs = join(draft.bundle, "rootfs");
    const cgroup = draft.config.linux.cgroupsPath ?? "";
    const text = await capturedText(name, { rootfs, files, cgroup, netns: "/proc/self/ns/net", hook: "/bin/true" });
    const program = text.replace(/"args": \[\s*"(\/bin\/)?true"\s*\]/, () => `"args": ${JSON.stringify(PROGRAM)}`);
    return session.container(() => undefined, { text: program, rootfs });
  };
  return { name, make };
}

const ALL_CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_NET_RAW", "CAP_SETUID", "CAP_SYS_ADMIN"];

export const CASES: readonly Case[] = [
  fromTemplate("template", () => undefined),
  fromTemplate("another user", (c) => {
    c.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 2000], umask: 0o027 };
    c.process.capabilities = { bounding: ALL_CAPABILITIES, permitted: ["CAP_KILL"], effective: ["CAP_KILL"] };
    c.process.cwd = "/home/user";
    c.process.noNewPrivileges = false;
  }),
  fromTemplate("limits", (c) => {
    c.process.rlimits = [
      { type: "RLIMIT_NOFILE", soft: 256, hard: 512 },
      { type: "RLIMIT_CORE", soft: 0, hard: 18446744073709551615n },
    ];
    c.process.oomScoreAdj = 200;
    c.linux.resources.memory = { limit: 64 * 1024 * 1024, reservation: 32 * 1024 * 1024 };
    c.linux.resources.cpu = { shares: 512, quota: 50_000, period: 100_000, cpus: "0", mems: "0" };
    c.linux.resources.pids = { limit: 99 };
  }),
  fromTemplate("capabilities", (c) => {
    const sets = { bounding: ALL_CAPABILITIES, permitted: ALL_CAPABILITIES, effective: ALL_CAPABILITIES };
    c.process.capabilities = { ...sets, inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"] };
  }),
  fromTemplate("mounts", (c) => {
    c.mounts.push(
      { destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["size=1m", "mode=0711", "noexec", "noatime"] },
      { destination: "/mnt/etc", type: "bind", source: "/etc", options: ["rbind", "ro", "nosuid", "nodev"] },
    );
    c.linux.maskedPaths.push("/etc/passwd");
    c.linux.readonlyPaths.push("/home");
  }),
  fromTemplate("devices and sysctl", (c) => {
    c.linux.devices = [{ path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 0o640, uid: 7, gid: 8 }];
    c.linux.sysctl = { "net.ipv4.ip_unprivileged_port_start": "80", "kernel.shmmax": "1000000" };
  }),
  fromTemplate("a cgroup namespace", (c) => {
    c.linux.namespaces.push({ type: "cgroup" });
  }),
  fromTemplate("few namespaces", (c) => {
    const kept = new Set(["mount", "pid"]);
    c.linux.namespaces = c.linux.namespaces.filter(({ type }) => kept.has(type));
    delete c.hostname;
    c.mounts = c.mounts.filter((mount) => mount.type !== "mqueue");
  }),
  mapped("a user namespace", () => undefined),
  mapped("a user namespace and another user", (c) => {
    c.process.user = { uid: 1000, gid: 1000 };
  }),
  ...["docker-default", "docker-limits", "podman-default", "containerd-default", "containerd-limits"].map(captured),
];
