import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { PLAIN_ENV, until } from "./command.ts";

/** A process of our own that sleeps in namespaces of its own, to be joined by path. */
export interface Holder {
  readonly pid: number;
  /** Path of one of its namespaces: `net`, `uts`, `ipc`, `pid_for_children` ... */
  path(kind: string): string;
  close(): void;
}

/** Starts `unshare FLAGS`, runs `script` there, and keeps it until closed. */
export async function hold(flags: readonly string[], script = ":"): Promise<Holder> {
  const child: ChildProcess = spawn(
    "unshare",
    [...flags, "sh", "-c", `${script} && echo ready && exec sleep infinity`],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...PLAIN_ENV },
    },
  );
  let told = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    told += chunk.toString();
  });
  await until(`unshare ${flags.join(" ")}`, () => {
    if (child.exitCode !== null) throw new Error(`unshare ended with ${child.exitCode}`);
    return told.includes("ready") ? true : undefined;
  });
  child.stdout?.destroy();
  return {
    pid: child.pid ?? 0,
    path: (kind) => `/proc/${child.pid}/ns/${kind}`,
    close: () => void child.kill("SIGKILL"),
  };
}

/** Keeps a user namespace with these maps (lines of user_namespaces(7)), and what else `flags` ask for in it. */
export async function holdUser(uidMap: string, gidMap: string, flags: readonly string[] = []): Promise<Holder> {
  const holder = await hold(["--user", ...flags]);
  try {
    await writeFile(`/proc/${holder.pid}/uid_map`, uidMap);
    await writeFile(`/proc/${holder.pid}/gid_map`, gidMap);
    return holder;
  } catch (error) {
    holder.close();
    throw error;
  }
}
