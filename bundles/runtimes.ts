import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { PLAIN_ENV, until } from "./command.ts";

const TMPFS_MAGIC = 0x01021994;

/** Which runtime a path leads to, by what `--version` says of itself. */
export function runtimeKind(path: string): string {
  const text = execFileSync(path, ["--version"], { encoding: "utf8", env: { ...PLAIN_ENV } });
  return text.split(/\s/, 1)[0] ?? "";
}

/**
 * Controllers that a v2 tree beside v1 hierarchies has of its own, or would have were nobody using them as v1 elsewhere.
 * Empty where there is no such pair of trees.
 */
export function controllersBesideV1(): string[] {
  try {
    if (statfsSync("/sys/fs/cgroup").type !== TMPFS_MAGIC) return [];
    const own = readFileSync("/sys/fs/cgroup/unified/cgroup.controllers", "utf8").trim().split(/\s+/);
    const known = readFileSync("/proc/cgroups", "utf8");
    if (/^hugetlb\s/m.test(known) && !existsSync("/sys/fs/cgroup/hugetlb")) own.push("hugetlb");
    return [...new Set(own)].filter((name) => name !== "");
  } catch {
    return [];
  }
}

/** A place in which a runtime's commands run: `prefix` goes before them, `close` ends it. */
export interface Surroundings {
  readonly prefix: readonly string[];
  readonly close: () => void;
}

/** A mount namespace of its own, with the commands of `script` run in it, held until closed. */
export async function ownMounts(script: string): Promise<Surroundings> {
  const shell = `set -e; ${script}; echo ready; exec sleep infinity`;
  const holder = spawn("unshare", ["--mount", "--propagation", "slave", "sh", "-c", shell], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...PLAIN_ENV },
  });
  let told = "";
  for (const stream of [holder.stdout, holder.stderr]) stream.on("data", (chunk: Buffer) => (told += chunk.toString()));
  try {
    await until("a mount namespace of its own", () => {
      if (holder.exitCode !== null) throw new Error(`unshare --mount: ${told.trim()}`);
      return told.includes("ready\n") ? true : undefined;
    });
  } catch (error) {
    holder.kill("SIGKILL");
    throw error;
  }
  for (const stream of [holder.stdout, holder.stderr]) stream.destroy();
  const prefix = ["nsenter", `--mount=/proc/${holder.pid}/ns/mnt`, "--"];
  return { prefix, close: () => void holder.kill("SIGKILL") };
}

/**
 * Shell lines that replace /sys/fs/cgroup by a copy in which these controllers are mounted as v1 too; for a mount
 * namespace of one's own, where they leave the host's tree untouched. A controller is free for that while nothing
 * uses it in the v2 tree.
 */
export function mountAsV1(controllers: readonly string[]): string[] {
  const mounts = controllers.flatMap((name) => [
    `mkdir /sys/fs/cgroup/${name}`,
    `mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`,
  ]);
  return [
    "copy=$(mktemp -d)",
    "mount --rbind /sys/fs/cgroup $copy",
    "mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup",
    "for d in $copy/*; do n=/sys/fs/cgroup/$(basename $d); mkdir $n; mount --rbind $d $n; done",
    "umount -l $copy",
    "rmdir $copy",
    ...mounts,
  ];
}

export interface Needs {
  /** Shell line run in a mount namespace of its own; runtime commands then run there too. */
  readonly mounts?: string | undefined;
  /** Controllers mounted as v1 there. */
  readonly v1?: readonly string[] | undefined;
}

/** What the runtime needs around it: crun 1.8.1 refuses a hybrid host whose v2 tree has controllers of its own. */
export async function surroundings(kind: string, needs: Needs = {}): Promise<Surroundings> {
  const v1 = new Set(needs.v1);
  if (kind === "crun") for (const name of controllersBesideV1()) v1.add(name);
  const lines = v1.size > 0 ? mountAsV1([...v1]) : [];
  if (needs.mounts !== undefined) lines.push(needs.mounts);
  if (lines.length > 0) return ownMounts(lines.join("; "));
  return { prefix: [], close: () => undefined };
}
