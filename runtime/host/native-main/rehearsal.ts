/**
 * The lives of containers, played on a stage. The build of the native executable runs this once, to learn which parts
 * of the program's memory a command reads and writes (addon/native/layout.h); it is part of the executable only because
 * its memory is laid out in the order in which all of it was made.
 */
import { main } from "../../main.ts";
import { exampleSpec } from "../../spec/example.ts";
import { stringifyExact } from "../../spec/json.ts";
import { type Port, port, setPort } from "../port.ts";
import { type Scenery, stage } from "./stage.ts";

const O_CREATE = 0o1101;

const V1 = [
  ...["cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "net_cls", "net_prio", "perf_event", "pids"],
  ...["hugetlb", "name=systemd"],
];

const v1Mounts = V1.map((name, at) => {
  const folder = name.replace("name=", "");
  return `${at + 40} 30 0:${at + 40} / /sys/fs/cgroup/${folder} rw,nosuid - cgroup cgroup rw,${name}\n`;
});

/** Root's, but for the inheritable set: what the example config asks of the ambient one can't be had. */
const STATUS =
  "CapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n";

/** The two kinds of hosts: hierarchies for every controller beside an empty one, or one for all. */
const SCENERIES: readonly Scenery[] = [
  {
    status: STATUS,
    mountinfo: `22 22 0:1 / / rw - ext4 /dev/root rw\n30 22 0:30 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n31 30 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n${v1Mounts.join("")}`,
    ownCgroups: `${V1.map((name, at) => `${at + 1}:${name}:/\n`).join("")}0::/\n`,
    controllers: "",
  },
  {
    status: STATUS,
    mountinfo: "22 22 0:1 / / rw - ext4 /dev/root rw\n30 22 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n",
    ownCgroups: "0::/\n",
    controllers: "cpuset cpu io memory hugetlb pids\n",
  },
];

const LIFE: readonly (readonly string[])[] = [
  ["create", "--bundle", "BUNDLE", "--pid-file", "BUNDLE/pid", "one"],
  ["state", "one"],
  ["start", "one"],
  ["list"],
  ["exec", "--detach", "one", "true"],
  ["exec", "one", "true"],
  ["kill", "one", "KILL"],
  ["delete", "one"],
  ["run", "--bundle", "BUNDLE", "two"],
];

const SECCOMP = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  syscalls: [
    { names: ["read", "write", "openat", "close", "mmap", "execve", "exit_group"], action: "SCMP_ACT_ALLOW" },
    { names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] },
  ],
};

function writeConfig(host: Port, folder: string, scenery: number): void {
  const { linux, ...spec } = exampleSpec({ rootless: false, uid: 0, gid: 0 });
  const capabilities = { ...spec.process?.capabilities, ambient: ["CAP_KILL"] };
  const process = { ...spec.process, terminal: false, args: ["true"], capabilities };
  const config = { ...spec, process, linux: scenery === 0 ? linux : { ...linux, seccomp: SECCOMP } };
  host.writeFile(`${folder}/config.json`, stringifyExact(config), O_CREATE, 0o600);
}

/** How many sceneries there are. */
export const SCENES = SCENERIES.length;

/** Plays a life in `folder`, where a bundle's `rootfs` lies. Resolves to the commands that failed, with their codes. */
export async function rehearse(folder: string, scenery: number): Promise<string[]> {
  const host = port();
  const failed: string[] = [];
  writeConfig(host, folder, scenery);
  const set = SCENERIES[scenery];
  if (set === undefined) throw new Error(`no scenery ${scenery}`);
  const played = await stage(host, folder, set);
  for (const words of LIFE) {
    const line = ["--root", `${folder}/state`, ...words.map((word) => word.replace("BUNDLE", folder))];
    setPort({ ...played, argv: () => line });
    const code = await main();
    if (code !== 0) failed.push(`${words[0]}: ${code}`);
  }
  setPort(host);
  return failed;
}
