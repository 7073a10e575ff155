import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CONFIGS } from "./places.ts";

/** What a captured config's placeholders become. */
export interface Places {
  readonly rootfs: string;
  /** Folder for the client's own files; made and filled when missing. */
  readonly files: string;
  readonly cgroup: string;
  readonly netns: string;
  readonly hook: string;
}

const FILES: Readonly<Record<string, string>> = {
  hosts: "127.0.0.1 localhost\n",
  hostname: "0123456789ab\n",
  "resolv.conf": "nameserver 127.0.0.1\n",
  ".containerenv": "",
  passwd: "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n",
  group: "root:x:0:\ntty:x:5:\nuser:x:1000:\n",
};

/** Names of the captured configs, without `.json`, in order. */
export async function capturedNames(): Promise<string[]> {
  const files = await readdir(CONFIGS);
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** The text of a captured config with its placeholders replaced: integers stay as they were written. */
export async function capturedText(name: string, places: Places): Promise<string> {
  const text = await readFile(join(CONFIGS, `${name}.json`), "utf8");
  const values: Readonly<Record<string, string>> = {
    ROOTFS: places.rootfs,
    FILES: places.files,
    CGROUP: places.cgroup,
    NETNS: places.netns,
    HOOK: places.hook,
    ID: "0123456789abcdef".repeat(4),
  };
  return text.replace(/@([A-Z]+)@/g, (whole, key: string) => JSON.stringify(values[key] ?? whole).slice(1, -1));
}

/** Makes the files that captured configs bind into the container. */
export async function writeClientFiles(folder: string): Promise<void> {
  for (const child of ["shm", "volume"]) await mkdir(join(folder, child), { recursive: true });
  for (const [file, content] of Object.entries(FILES)) await writeFile(join(folder, file), content);
}
