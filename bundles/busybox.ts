import { chmod, copyFile, mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { cached } from "./cache.ts";
import { output, PLAIN_ENV } from "./command.ts";

const FOLDERS = [
  "bin",
  "dev",
  "etc",
  "home/user",
  "mnt",
  "proc",
  "root",
  "run",
  "sbin",
  "sys",
  "tmp",
  "usr/bin",
  "var",
];
const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nuser:x:1000:1000:user:/home/user:/bin/sh\n";
const GROUP = "root:x:0:\ndaemon:x:1:\ntty:x:5:\nuser:x:1000:\n";

async function findBusybox(): Promise<{ path: string; key: string }> {
  for (const folder of (PLAIN_ENV.PATH ?? "").split(delimiter)) {
    const path = join(folder, "busybox");
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return { path, key: `${found.size}-${Math.trunc(found.mtimeMs / 1000)}` };
  }
  throw new Error("no busybox on this machine: install Debian's busybox-static");
}

async function fill(rootfs: string, busybox: string): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(rootfs, folder), { recursive: true });
  await copyFile(busybox, join(rootfs, "bin/busybox"));
  await chmod(join(rootfs, "bin/busybox"), 0o755);
  await chmod(join(rootfs, "tmp"), 0o1777);
  await chmod(rootfs, 0o755);
  // Fails here, with its own words, when the busybox found is the one linked dynamically.
  const applets = await output("chroot", [rootfs, "/bin/busybox", "--list"]);
  for (const applet of applets.split("\n")) {
    if (applet !== "busybox") await symlink("busybox", join(rootfs, "bin", applet));
  }
  await writeFile(join(rootfs, "etc/passwd"), PASSWD);
  await writeFile(join(rootfs, "etc/group"), GROUP);
}

/** A root filesystem of Debian's busybox-static with a link for every applet. Shared: leave it as it is, or copy it. */
export async function busyboxRootfs(): Promise<string> {
  const { path, key } = await findBusybox();
  return cached("busybox", key, (folder) => fill(folder, path));
}
