import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { run, succeeded } from "./command.ts";

const PACKAGES = ["python3-minimal", "python3-flask", "busybox-static"];

/** The code name of this Debian or Ubuntu, so that its own mirror is used; bookworm on anything else. */
async function suite(): Promise<string> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^VERSION_CODENAME=(\w+)$/m.exec(text)?.[1] ?? "bookworm";
}

async function fill(rootfs: string, release: string): Promise<void> {
  await chmod(rootfs, 0o755);
  const args = ["--variant=extract", `--include=${PACKAGES.join(",")}`, release, rootfs];
  succeeded(await run("mmdebstrap", args, { timeout: 300_000 }));
  // The extract variant runs no maintainer scripts and leaves base-files out: add what every program expects.
  for (const folder of ["proc", "sys", "root", "home", "run", "app"])
    await mkdir(join(rootfs, folder), { recursive: true });
  await writeFile(join(rootfs, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  await writeFile(join(rootfs, "etc/group"), "root:x:0:\ntty:x:5:\n");
  await writeFile(join(rootfs, "etc/hosts"), "127.0.0.1 localhost\n");
}

/** A Debian root filesystem with Python and Flask, unpacked by mmdebstrap from this system's own release (about 8 s). */
export async function debianRootfs(): Promise<string> {
  const release = await suite();
  return cached("debian", release, (folder) => fill(folder, release));
}
