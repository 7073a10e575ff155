/**
 * A tree that behaves like the cgroup file systems in what the runtime relies on: files come and go with their
 * directory, a write never makes one, rmdir wants no processes and no children, v2 files need enabled controllers.
 */
import fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Port } from "../../runtime/host/port.ts";
import { EBUSY, ENOENT } from "../../runtime/linux/errno.ts";
import { fsPort, usePort } from "./fs-port.ts";

/** Files of a new v1 cgroup, by controller. */
const V1: Record<string, Record<string, string>> = {
  cpuset: { "cpuset.cpus": "", "cpuset.mems": "" },
  devices: { "devices.allow": "", "devices.deny": "", "devices.list": "a *:* rwm\n" },
  memory: {
    "memory.limit_in_bytes": "9223372036854771712\n",
    "memory.memsw.limit_in_bytes": "9223372036854771712\n",
    "memory.soft_limit_in_bytes": "9223372036854771712\n",
    "memory.kmem.tcp.limit_in_bytes": "9223372036854771712\n",
    "memory.swappiness": "60\n",
    "memory.use_hierarchy": "1\n",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
  },
  cpu: {
    "cpu.shares": "1024\n",
    "cpu.cfs_quota_us": "-1\n",
    "cpu.cfs_period_us": "100000\n",
    "cpu.cfs_burst_us": "0\n",
    "cpu.idle": "0\n",
  },
  pids: { "pids.max": "max\n" },
  blkio: { "blkio.throttle.read_bps_device": "", "blkio.bfq.weight": "100\n" },
  hugetlb: {
    "hugetlb.2MB.limit_in_bytes": "max\n",
    "hugetlb.1GB.limit_in_bytes": "max\n",
    "hugetlb.1GB.rsvd.limit_in_bytes": "max\n",
  },
  freezer: { "freezer.state": "THAWED\n" },
};
/** Files of a v2 cgroup whose parent has the controller enabled. */
const V2: Record<string, Record<string, string>> = {
  cpuset: { "cpuset.cpus": "", "cpuset.mems": "" },
  cpu: { "cpu.weight": "100\n", "cpu.max": "max 100000\n", "cpu.max.burst": "0\n", "cpu.idle": "0\n" },
  io: { "io.max": "", "io.weight": "default 100\n" },
  memory: {
    "memory.max": "max\n",
    "memory.low": "0\n",
    "memory.high": "max\n",
    "memory.swap.max": "max\n",
    "memory.current": "8192\n",
    "memory.events": "low 0\noom 0\noom_kill 0\n",
  },
  hugetlb: { "hugetlb.2MB.max": "max\n", "hugetlb.2MB.rsvd.max": "max\n" },
  pids: { "pids.max": "max\n" },
};

export interface FakeTree {
  readonly kind: "v1" | "v2";
  /** Controllers, or `name=...`; on v2 those of the root. */
  readonly controllers: readonly string[];
  /** Folder below the top; "" is the top itself. */
  readonly at: string;
  readonly own?: string;
}

export interface FakeCgroups {
  readonly top: string;
  /** `PATH below top` and value, in order. */
  readonly writes: [file: string, value: string][];
  remove(): void;
}

interface State {
  readonly top: string;
  readonly trees: readonly FakeTree[];
  readonly writes: [string, string][];
  readonly hooks: FakeHooks;
}

/** What a test lets the kernel do; throw to refuse. */
export interface FakeHooks {
  /** Called for each write before it is kept. */
  readonly onWrite?: ((file: string, value: string) => void) | undefined;
  /** Called before a directory is made. */
  readonly onMkdir?: (path: string) => void;
}

function failure(syscall: string, errno: number): Error {
  return Object.assign(new Error(`${syscall} ${errno}`), { syscall, errno });
}

function put(directory: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    if (!fs.existsSync(join(directory, name))) fs.writeFileSync(join(directory, name), text);
  }
}

function wordsOf(path: string): string[] {
  return fs.readFileSync(path, "utf8").split(/\s+/).filter(Boolean);
}

/** Fills a new directory with what its hierarchy gives it. */
function populate({ top, trees }: State, directory: string): void {
  const tree = trees.find(({ at }) => directory === join(top, at) || directory.startsWith(`${join(top, at)}/`));
  put(directory, { "cgroup.procs": "" });
  if (tree?.kind === "v1") {
    put(directory, { tasks: "" });
    for (const controller of tree.controllers) put(directory, V1[controller] ?? {});
    return;
  }
  const isRoot = directory === join(top, tree?.at ?? "");
  const given = isRoot ? (tree?.controllers ?? []) : wordsOf(join(dirname(directory), "cgroup.subtree_control"));
  fs.writeFileSync(join(directory, "cgroup.controllers"), `${given.join(" ")}\n`);
  put(directory, { "cgroup.subtree_control": "\n" });
  if (isRoot) return;
  put(directory, { "cgroup.events": "populated 0\nfrozen 0\n", "cgroup.freeze": "0\n", "cgroup.kill": "" });
  for (const controller of given) put(directory, V2[controller] ?? {});
}

function write(state: State, file: string, value: string): void {
  if (!fs.existsSync(file)) throw failure("openat", ENOENT);
  state.hooks.onWrite?.(file, value);
  state.writes.push([file.slice(state.top.length + 1), value]);
  if (basename(file) === "cgroup.subtree_control") switchOn(state, file, value);
  else fs.writeFileSync(file, `${value}\n`);
}

function switchOn(state: State, file: string, value: string): void {
  const given = wordsOf(join(dirname(file), "cgroup.controllers"));
  const asked = value.split(" ").map((word) => word.slice(1));
  if (!asked.every((name) => given.includes(name))) throw failure("write", ENOENT);
  fs.writeFileSync(file, `${[...new Set([...wordsOf(file), ...asked])].join(" ")}\n`);
  for (const entry of fs.readdirSync(dirname(file), { withFileTypes: true })) {
    if (entry.isDirectory()) populate(state, join(dirname(file), entry.name));
  }
}

function rmdir(directory: string): void {
  if (!fs.existsSync(directory)) throw failure("rmdir", ENOENT);
  const hasChild = fs.readdirSync(directory, { withFileTypes: true }).some((entry) => entry.isDirectory());
  if (hasChild || wordsOf(join(directory, "cgroup.procs")).length > 0) throw failure("rmdir", EBUSY);
  fs.rmSync(directory, { recursive: true });
}

/** /proc/self/mountinfo and /proc/self/cgroup that tell of these trees. */
function procFiles(top: string, trees: readonly FakeTree[]): Record<string, string> {
  const mounts = trees.map(({ kind, controllers, at }, index) => {
    const [type, options] = kind === "v1" ? ["cgroup", `rw,${controllers.join(",")}`] : ["cgroup2", "rw"];
    return `${40 + index} 30 0:${40 + index} / ${join(top, at)} rw,nosuid - ${type} ${type} ${options}`;
  });
  const own = trees.map(({ kind, controllers, own: path = "/" }, index) =>
    kind === "v1" ? `${index + 1}:${controllers.join(",")}:${path}` : `0::${path}`,
  );
  return {
    "/proc/self/mountinfo": ["30 1 8:1 / / rw - ext4 /dev/sda1 rw", ...mounts, ""].join("\n"),
    "/proc/self/cgroup": [...own, ""].join("\n"),
  };
}

/** No test may ever reach the machine's own trees. */
function inside(top: string, path: string): string {
  if (!path.startsWith(`${top}/`)) throw new Error(`${path} is outside of the fake trees`);
  return path;
}

/** Descriptors of the fake files begin here: a pidfd of the fake port is a pid. */
const FIRST_FD = 1 << 24;

/** Makes the trees in a new folder and sets a port to it; time passes only in sleep. */
export function fakeCgroups(trees: readonly FakeTree[], calls: Partial<Port> = {}, hooks: FakeHooks = {}): FakeCgroups {
  const top = fs.mkdtempSync(join(tmpdir(), "tsrun-cgroups-"));
  const state: State = { top, trees, writes: [], hooks };
  const real = fsPort();
  const proc = procFiles(top, trees);
  for (const { at } of trees) {
    fs.mkdirSync(join(top, at), { recursive: true });
    populate(state, join(top, at));
    const cpus = join(top, at, "cpuset.cpus");
    if (fs.existsSync(cpus)) fs.writeFileSync(cpus, "0-3\n");
    if (fs.existsSync(cpus)) fs.writeFileSync(join(top, at, "cpuset.mems"), "0\n");
  }
  let clock = 0;
  const opened: string[] = [];
  usePort({
    ...real,
    writeFile: (path, data) => write(state, inside(top, path), data as string),
    open(path) {
      if (!fs.existsSync(inside(top, path))) throw failure("openat", ENOENT);
      return FIRST_FD + opened.push(path) - 1;
    },
    write(fd, data) {
      write(state, opened[fd - FIRST_FD] ?? "", data as string);
      return data.length;
    },
    mkdir(path, mode) {
      hooks.onMkdir?.(path);
      (real.mkdir as Port["mkdir"])(inside(top, path), mode);
      populate(state, path);
    },
    rmdir: (path) => rmdir(inside(top, path)),
    monotonic: () => clock,
    sleep: async (deadline) => {
      clock = deadline;
    },
    ...calls,
    readFile: (path, max) => proc[path] ?? (calls.readFile ?? (real.readFile as Port["readFile"]))(path, max),
  });
  return { top, writes: state.writes, remove: () => fs.rmSync(top, { recursive: true, force: true }) };
}

const HYBRID_V1 = ["cpuset", "devices", "memory", "cpu", "pids", "blkio", "freezer", "name=systemd"];

/** What a host looks like; `own` is the cgroup of the caller in every tree. */
export const FAKE_HOSTS = {
  v1: (own?: string): FakeTree[] =>
    [
      ["cpuset"],
      ["devices"],
      ["memory"],
      ["cpu", "cpuacct"],
      ["pids"],
      ["blkio"],
      ["hugetlb"],
      ["freezer"],
      ["name=systemd"],
    ].map((controllers) => ({
      kind: "v1",
      controllers,
      at: controllers.join(",").replace("name=", ""),
      own: own ?? "/",
    })),
  hybrid: (own?: string): FakeTree[] => [
    ...HYBRID_V1.map((name): FakeTree => {
      return { kind: "v1", controllers: [name], at: name.replace("name=", ""), own: own ?? "/" };
    }),
    { kind: "v2", controllers: ["hugetlb"], at: "unified", own: own ?? "/" },
  ],
  v2: (own?: string): FakeTree[] => [
    { kind: "v2", controllers: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"], at: "", own: own ?? "/" },
  ],
} as const;
