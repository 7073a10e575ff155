/**
 * A folder that behaves like resctrl in what the runtime relies on: a new group has its files, schemata are taken line by
 * line up to the first that is wrong, a process is in one group, rmdir sends processes to where the group came from.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Port } from "../../runtime/host/port.ts";
import { EEXIST, EINVAL, ENOENT, ENOSPC } from "../../runtime/linux/errno.ts";
import { RESCTRL_MAGIC } from "../../runtime/linux/flags.ts";
import { systemError } from "./fake-port.ts";

const DEFAULTS = "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n";
const KNOWN = /^(L3|MB):\d+=[0-9a-f]+(;\d+=[0-9a-f]+)*$/i;

export class FakeResctrl {
  readonly root: string;
  /** Classes of service that the hardware has, besides the default one. */
  classes = 3;
  #made = 0;

  /** Makes the tree in an empty folder. */
  constructor(root: string) {
    this.root = root;
    mkdirSync(join(root, "info"), { recursive: true });
    writeFileSync(join(root, "info/last_cmd_status"), "ok\n");
    this.#fill(root, true);
  }

  /** The pids in a group, "" for the default one. */
  pids(group: string): string[] {
    return readFileSync(join(this.root, group, "tasks"), "utf8")
      .split("\n")
      .filter(Boolean);
  }

  schemata(group: string): string {
    return readFileSync(join(this.root, group, "schemata"), "utf8");
  }

  has(group: string): boolean {
    return existsSync(join(this.root, group));
  }

  /** A group that somebody else has made. */
  add(group: string, schemata = DEFAULTS): void {
    this.mkdir(join(this.root, group));
    writeFileSync(join(this.root, group, "schemata"), schemata);
  }

  /** `real`, but for what is in the tree, and with the tree among the mounts. */
  port(real: Port): Port {
    const mine = (path: string) => path === this.root || path.startsWith(`${this.root}/`);
    return {
      ...real,
      readFile: (path, max) => this.#read(path, real.readFile(path, max)),
      statfs: (path) => (path === this.root ? { type: RESCTRL_MAGIC, flags: 0 } : real.statfs(path)),
      mkdir: (path, mode) => (mine(path) ? this.mkdir(path) : real.mkdir(path, mode)),
      rmdir: (path) => (mine(path) ? this.rmdir(path) : real.rmdir(path)),
      writeFile: (path, data, flags, mode) =>
        mine(path) ? this.write(path, String(data)) : real.writeFile(path, data, flags, mode),
    };
  }

  /** The tree is among the mounts, and a process that has ended in no group. */
  #read(path: string, text: string): string {
    if (path === "/proc/self/mountinfo") return `${text}999 1 0:99 / ${this.root} rw - resctrl resctrl rw\n`;
    if (!path.startsWith(this.root) || !path.endsWith("/tasks")) return text;
    return text.replace(/^\d+\n/gm, (line) => (existsSync(`/proc/${line.trim()}`) ? line : ""));
  }

  mkdir(path: string): void {
    const top = dirname(path) === this.root;
    if (existsSync(path)) throw systemError("mkdir", EEXIST, `mkdir ${path}: file exists`);
    if (top && this.#made === this.classes) {
      this.#status("Out of CLOSIDs\n");
      throw systemError("mkdir", ENOSPC, `mkdir ${path}: no space left on device`);
    }
    if (!existsSync(dirname(path))) throw systemError("mkdir", ENOENT, `mkdir ${path}: no such file or directory`);
    if (top) this.#made += 1;
    mkdirSync(path);
    this.#fill(path, top);
  }

  rmdir(path: string): void {
    if (!existsSync(path)) throw systemError("rmdir", ENOENT, `rmdir ${path}: no such file or directory`);
    if (!statSync(path).isDirectory()) throw systemError("rmdir", EINVAL, `rmdir ${path}: not a group`);
    const top = dirname(path) === this.root;
    const above = join(top ? this.root : dirname(dirname(path)), "tasks");
    writeFileSync(above, readFileSync(above, "utf8") + readFileSync(join(path, "tasks"), "utf8"));
    rmSync(path, { recursive: true });
    if (top) this.#made -= 1;
  }

  write(path: string, data: string): void {
    if (!existsSync(path)) throw systemError("open", ENOENT, `open ${path}: no such file or directory`);
    this.#status("ok\n");
    if (path.endsWith("/schemata")) this.#take(path, data);
    else writeFileSync(path, `${readFileSync(path, "utf8")}${data}\n`);
  }

  #take(path: string, data: string): void {
    if (!data.endsWith("\n")) throw systemError("write", EINVAL, `write ${path}: invalid argument`);
    for (const line of data.trimEnd().split("\n")) {
      if (!KNOWN.test(line)) {
        this.#status(`Unknown or unsupported resource name '${line.split(":")[0]}'\n`);
        throw systemError("write", EINVAL, `write ${path}: invalid argument`);
      }
      this.#set(path, line);
    }
  }

  #set(path: string, line: string): void {
    const [name = "", values = ""] = line.split(":");
    let text = readFileSync(path, "utf8");
    for (const part of values.split(";")) {
      const [id, value] = part.split("=");
      text = text.replace(new RegExp(`(${name}:(?:.*;)?${id}=)[^;\\n]*`), `$1${value}`);
    }
    writeFileSync(path, text);
  }

  #fill(path: string, top: boolean): void {
    writeFileSync(join(path, "tasks"), "");
    if (!top) return;
    writeFileSync(join(path, "schemata"), DEFAULTS);
    mkdirSync(join(path, "mon_groups"));
  }

  #status(text: string): void {
    writeFileSync(join(this.root, "info/last_cmd_status"), text);
  }
}
