/** How this host's cgroups are laid out: read once, plain data, so that plans stay pure. */
import { port } from "../host/port.ts";
import { type CgroupMount, parseCgroupMounts } from "./mountinfo.ts";

/** One tree of cgroups that can be reached from here. */
export interface CgroupTree {
  /** Absolute place of the tree. */
  readonly mountpoint: string;
  /** The cgroup that is seen at the mount point: "/" unless a part of the tree is mounted. */
  readonly root: string;
  /** This process's own cgroup, as /proc/self/cgroup says. */
  readonly own: string;
  /** `cpu`, `memory` ...; a named v1 hierarchy has its `name=...` here; on v2 those of cgroup.controllers. */
  readonly controllers: readonly string[];
  readonly writable: boolean;
}

/** A v1 hierarchy. */
export interface Hierarchy extends CgroupTree {
  /** Last part of the mount point: `memory`, `cpu,cpuacct`, `systemd`. */
  readonly name: string;
  /** What to give to mount(2) to get the same hierarchy again. */
  readonly mountOptions: readonly string[];
}

export interface CgroupLayout {
  /** `v2`: one tree for everything; `hybrid`: controllers on v1 and a v2 tree beside them. */
  readonly mode: "v1" | "hybrid" | "v2";
  readonly hierarchies: readonly Hierarchy[];
  readonly unified: CgroupTree | null;
}

const KNOWN = new Set(
  "blkio cpu cpuacct cpuset debug devices freezer hugetlb memory misc net_cls net_prio perf_event pids rdma dmem".split(
    " ",
  ),
);
const MAX_BYTES = 1 << 24;

/** Reads /proc/self/mountinfo, /proc/self/cgroup and, with a v2 tree, its cgroup.controllers. Throws SystemError. */
export function probeCgroups(): CgroupLayout {
  const host = port();
  const mountinfo = host.readFile("/proc/self/mountinfo", MAX_BYTES);
  const layout = parseLayout(mountinfo, host.readFile("/proc/self/cgroup", MAX_BYTES));
  if (layout.unified === null) return layout;
  const controllers = words(host.readFile(`${layout.unified.mountpoint}/cgroup.controllers`, MAX_BYTES));
  return { ...layout, unified: { ...layout.unified, controllers } };
}

/** The layout told by the two files (proc(5), cgroups(7)), without the v2 tree's controllers; pure. */
export function parseLayout(mountinfo: string, selfCgroup: string): CgroupLayout {
  const own = parseSelfCgroup(selfCgroup);
  const mounts = parseCgroupMounts(mountinfo);
  const hierarchies = group(mounts.filter(({ type }) => type === "cgroup").map((mount) => hierarchyOf(mount, own)));
  const trees = mounts.filter(({ type }) => type === "cgroup2").map((mount) => treeOf(mount, own.get("") ?? "/", []));
  const unified = trees.length === 0 ? null : best(trees);
  const hasControllers = hierarchies.some(({ controllers }) => controllers.some((name) => KNOWN.has(name)));
  if (unified === null) return { mode: "v1", hierarchies, unified };
  if (unified.mountpoint === "/sys/fs/cgroup" || !hasControllers) return { mode: "v2", hierarchies: [], unified };
  return { mode: "hybrid", hierarchies, unified };
}

/** Controller, `name=...` or "" (v2) to the path after the second colon. */
function parseSelfCgroup(text: string): Map<string, string> {
  const own = new Map<string, string>();
  for (const line of text.split("\n")) {
    const first = line.indexOf(":");
    const second = line.indexOf(":", first + 1);
    if (first < 0 || second < 0) continue;
    for (const controller of line.slice(first + 1, second).split(",")) own.set(controller, line.slice(second + 1));
  }
  return own;
}

function hierarchyOf(mount: CgroupMount, own: ReadonlyMap<string, string>): Hierarchy {
  const controllers = mount.options.filter((option) => KNOWN.has(option) || option.startsWith("name="));
  const path = controllers.map((controller) => own.get(controller)).find((found) => found !== undefined);
  return {
    ...treeOf(mount, path ?? "/", controllers),
    name: mount.mountpoint.slice(mount.mountpoint.lastIndexOf("/") + 1),
    mountOptions: controllers,
  };
}

function treeOf({ mountpoint, root, writable }: CgroupMount, own: string, controllers: readonly string[]): CgroupTree {
  return { mountpoint, root, own, controllers, writable };
}

/** One mount for each hierarchy, however often it is mounted. */
function group(all: readonly Hierarchy[]): Hierarchy[] {
  const byControllers = new Map<string, Hierarchy[]>();
  for (const hierarchy of all) {
    const key = [...hierarchy.controllers].sort().join(",");
    if (key !== "") byControllers.set(key, [...(byControllers.get(key) ?? []), hierarchy]);
  }
  return [...byControllers.values()].map(best);
}

/** The first mount that is writable and shows our own cgroup; else the first writable one; else the first. */
function best<Tree extends CgroupTree>(trees: readonly Tree[]): Tree {
  const writable = trees.filter((tree) => tree.writable);
  const chosen = writable.find(showsOwn) ?? writable[0] ?? trees[0];
  return chosen as Tree;
}

function showsOwn({ root, own }: CgroupTree): boolean {
  return root === "/" || own === root || own.startsWith(`${root}/`);
}

/** Words of a cgroup file that lists names on one line. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
