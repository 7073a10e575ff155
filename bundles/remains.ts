import { readdir, readFile, readlink, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "./command.ts";

const CGROUP_DEPTH = 4;

async function cgroupsNamed(folder: string, name: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.name.includes(name)) found.push(path);
    else if (depth > 0) found.push(...(await cgroupsNamed(path, name, depth - 1)));
  }
  return found;
}

async function mountsNamed(name: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table.split("\n").filter((line) => line.includes(name));
}

async function processesNamed(name: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    // A zombie whose parent is slow to reap it is nobody's to remove, and holds nothing.
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "Z") continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const cgroup = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (`${command}\n${cgroup}\n${cwd}`.includes(name)) found.push(`${pid} ${command.replaceAll("\0", " ")}`);
  }
  return found;
}

async function look(name: string): Promise<string[]> {
  const cgroups = await cgroupsNamed("/sys/fs/cgroup", name, CGROUP_DEPTH);
  const found = cgroups.map((path) => `cgroup: ${path}`);
  found.push(...(await mountsNamed(name)).map((line) => `mount: ${line}`));
  found.push(...(await processesNamed(name)).map((line) => `process: ${line}`));
  return found;
}

/** Cgroups, mounts and processes that bear `name`: one line each. Gives dying processes a second to be gone. */
export async function leftovers(name: string): Promise<string[]> {
  let found = await look(name);
  for (let tries = 0; found.length > 0 && tries < 10; tries += 1) {
    await pause(100);
    found = await look(name);
  }
  return found;
}

/** Removes the cgroups that bear `name`, deepest first, as far as they are empty. */
export async function removeCgroups(name: string): Promise<void> {
  const tops = await cgroupsNamed("/sys/fs/cgroup", name, CGROUP_DEPTH);
  for (const top of tops) await removeTree(top);
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  // Busy or gone: what stays is reported by `leftovers`, not here.
  await rmdir(folder).catch(() => undefined);
}
