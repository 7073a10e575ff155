import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { busyboxRootfs } from "./busybox.ts";
import { capturedNames, capturedText, writeClientFiles } from "./captured.ts";
import { output } from "./command.ts";
import { type Config, template, toJson } from "./config.ts";
import { debianRootfs } from "./debian.ts";
import { umociBundle } from "./umoci.ts";

/** A way to make a bundle in a folder that does not exist yet. */
interface Maker {
  readonly about: string;
  readonly make: (folder: string) => Promise<void>;
}

async function copyRootfs(from: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await output("cp", ["-a", from, join(folder, "rootfs")]);
}

async function busybox(folder: string): Promise<void> {
  await copyRootfs(await busyboxRootfs(), folder);
  await writeFile(join(folder, "config.json"), toJson(template(["sh", "-c", "echo hello from $(hostname)"])));
}

async function debian(folder: string): Promise<void> {
  await copyRootfs(await debianRootfs(), folder);
  const program = "import platform, sys; print('python', platform.python_version(), 'on', platform.node())";
  await writeFile(join(folder, "config.json"), toJson(template(["python3", "-c", program])));
}

async function umoci(folder: string): Promise<void> {
  await umociBundle(folder);
  const path = join(folder, "config.json");
  const text = await readFile(path, "utf8");
  // umoci asks for a terminal, whatever the image says: `run` without one needs it off.
  await writeFile(path, text.replace('"terminal": true', '"terminal": false'));
}

/** A captured client's config over a busybox rootfs. */
async function captured(name: string, folder: string): Promise<void> {
  await copyRootfs(await busyboxRootfs(), folder);
  await writeClientFiles(join(folder, "files"));
  const places = {
    rootfs: join(folder, "rootfs"),
    files: join(folder, "files"),
    cgroup: `/tsrun-${basename(dirname(folder))}-${basename(folder)}`,
    netns: "/proc/self/ns/net",
    hook: "/bin/true",
  };
  await writeFile(join(folder, "config.json"), await capturedText(name, places));
  await giveToMappedRoot(folder, [places.rootfs, places.files]);
}

/** Where the config maps root to another id, the client gives that one the files. */
async function giveToMappedRoot(folder: string, paths: readonly string[]): Promise<void> {
  const { linux } = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Config;
  const [uid, gid] = [linux.uidMappings?.[0]?.hostID ?? 0, linux.gidMappings?.[0]?.hostID ?? 0];
  if (uid !== 0 || gid !== 0) await output("chown", ["-hR", `${uid}:${gid}`, ...paths]);
}

/** Every bundle that can be made, by name. */
export async function makers(): Promise<ReadonlyMap<string, Maker>> {
  const table = new Map<string, Maker>([
    ["busybox", { about: "Debian's busybox-static, a link for every applet", make: busybox }],
    ["debian", { about: "Debian with Python and Flask, by mmdebstrap", make: debian }],
    ["umoci", { about: "the busybox image unpacked by umoci, config.json its own", make: umoci }],
  ]);
  for (const name of await capturedNames()) {
    table.set(name, { about: `busybox under ${name}'s config.json`, make: (folder) => captured(name, folder) });
  }
  return table;
}
