/** Finds mounts of the cgroup file systems in /proc/self/mountinfo (proc(5)) without looking at every line of it. */
import { fromOctal } from "../linux/octal.ts";

export interface CgroupMount {
  /** Path within the hierarchy that is mounted here; not "/" for a bind mount of a part. */
  readonly root: string;
  /** Absolute. */
  readonly mountpoint: string;
  readonly type: "cgroup" | "cgroup2";
  readonly writable: boolean;
  /** Options of the superblock: on v1 the controllers and `name=...` are among them. */
  readonly options: readonly string[];
}

interface Line {
  readonly id: string;
  readonly parent: string;
  readonly root: string;
  readonly mountpoint: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly superOptions: readonly string[];
}

function toOctal(path: string): string {
  return path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function parseLine(text: string): Line | undefined {
  const fields = text.split(" ");
  const dash = fields.indexOf("-", 6);
  const [id, parent, , root, mountpoint, options] = fields;
  if (dash < 0 || options === undefined) return undefined;
  return {
    id: id as string,
    parent: parent as string,
    root: fromOctal(root as string),
    mountpoint: fromOctal(mountpoint as string),
    options: options.split(","),
    type: fields[dash + 1] ?? "",
    superOptions: (fields[dash + 3] ?? "").split(","),
  };
}

/** All lines that contain `needle`, parsed. */
function linesWith(mountinfo: string, needle: string): Line[] {
  const lines: Line[] = [];
  for (let at = mountinfo.indexOf(needle); at >= 0; ) {
    const start = mountinfo.lastIndexOf("\n", at) + 1;
    const end = mountinfo.indexOf("\n", at);
    const line = parseLine(mountinfo.slice(start, end < 0 ? undefined : end));
    if (line !== undefined) lines.push(line);
    at = end < 0 ? -1 : mountinfo.indexOf(needle, end);
  }
  return lines;
}

function ancestors(path: string): string[] {
  const found = ["/"];
  for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) found.push(path.slice(0, at));
  return found;
}

/** The mounts that can be reached: not those under a later mount on their own place or on a folder above it. */
export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  const found = linesWith(mountinfo, " - cgroup").filter(({ type }) => type === "cgroup" || type === "cgroup2");
  const places = new Set(found.flatMap(({ mountpoint }) => [mountpoint, ...ancestors(mountpoint)]));
  const around = [...places].flatMap((place) =>
    linesWith(mountinfo, ` ${toOctal(place)} `).filter(({ mountpoint }) => mountpoint === place),
  );
  return found
    .filter(({ id, mountpoint }) => reach(mountpoint, around)?.id === id)
    .map(({ root, mountpoint, type, options, superOptions }) => ({
      root,
      mountpoint,
      type: type as CgroupMount["type"],
      writable: !options.includes("ro") && !superOptions.includes("ro"),
      options: superOptions,
    }));
}

/** The mount in which a path ends, found as the kernel does: from the root, crossing each mount on the way. */
function reach(path: string, lines: readonly Line[]): Line | undefined {
  const ids = new Set(lines.map(({ id }) => id));
  let current: Line | undefined;
  for (let rounds = 0; rounds < lines.length; rounds += 1) {
    const here = current?.id;
    const isChild = ({ id, parent }: Line) =>
      here === undefined ? !ids.has(parent) || parent === id : parent === here;
    const crossed = lines.filter((line) => line.id !== here && isChild(line) && isAbove(line.mountpoint, path));
    if (crossed.length === 0) break;
    current = crossed.reduce((first, line) => (line.mountpoint.length < first.mountpoint.length ? line : first));
  }
  return current;
}

function isAbove(place: string, path: string): boolean {
  return place === "/" || place === path || path.startsWith(`${place}/`);
}
