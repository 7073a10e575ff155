/** Where a container's cgroup is, hierarchy by hierarchy; pure. */
import { RuntimeError } from "../errors.ts";
import type { CgroupLayout, CgroupTree, Hierarchy } from "./layout.ts";
import type { CgroupRequest } from "./types.ts";

const POINTER = "/linux/cgroupsPath";

/** The container's directory in one v1 hierarchy. */
export interface HierarchyPlace {
  readonly hierarchy: Hierarchy;
  /** Absolute. */
  readonly directory: string;
}

export interface Places {
  /** Writable hierarchies only. */
  readonly v1: readonly HierarchyPlace[];
  /** Absolute directory in the v2 tree, or "" where there is none to write to. */
  readonly unified: string;
}

/**
 * The directories of a container, made of cgroupsPath (config-linux.md#cgroups-path): absolute is below the mount point
 * of each hierarchy; relative is below the caller's own cgroup, on pure v2 beside it, since a v2 cgroup with processes
 * can't hand controllers on; without cgroupsPath it is the container's id, relative. Throws RuntimeError for a path
 * with `..`, for the root itself and for the systemd form `slice:prefix:name`.
 */
export function placeContainer(request: Pick<CgroupRequest, "layout" | "id" | "cgroupsPath">): Places {
  const { layout, id, cgroupsPath } = request;
  const path = cgroupsPath === undefined || cgroupsPath === "" ? id : cgroupsPath;
  const inner = segments(path)
    .map((segment) => `/${segment}`)
    .join("");
  const isAbsolute = path.startsWith("/");
  const v1 = layout.hierarchies
    .filter(({ writable }) => writable)
    .map((hierarchy) => ({ hierarchy, directory: within(hierarchy, isAbsolute ? "" : ownPath(hierarchy), inner) }));
  return { v1, unified: unifiedPlace(layout, isAbsolute, inner) };
}

function unifiedPlace({ mode, unified }: CgroupLayout, isAbsolute: boolean, inner: string): string {
  if (unified === null || !unified.writable) return "";
  const own = ownPath(unified);
  const beside = own.slice(0, Math.max(0, own.lastIndexOf("/")));
  return within(unified, isAbsolute ? "" : mode === "v2" ? beside : own, inner);
}

function within({ mountpoint }: CgroupTree, base: string, inner: string): string {
  return `${mountpoint}${base}${inner}`;
}

/** The directory at which a cgroup, named as in /proc/PID/cgroup, is seen in a tree. */
export function placeOf(tree: CgroupTree, cgroup: string): string {
  return within(tree, ownPath({ ...tree, own: cgroup }), "");
}

/** Our own cgroup below the mount point: "" or "/a/b"; "" too when the mount does not show it. */
function ownPath({ root, own }: CgroupTree): string {
  const below = root === "/" ? own : own === root ? "" : own.startsWith(`${root}/`) ? own.slice(root.length) : "";
  return below === "/" || below.split("/").includes("..") ? "" : below;
}

function segments(path: string): string[] {
  const found = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (found.includes("..")) throw invalid(`cgroups path ${path}: must not contain ..`);
  if (/[\n\0]/.test(path)) throw invalid("cgroups path: must not contain a line break or NUL");
  if (found.length === 0) throw invalid(`cgroups path ${path}: is the root of all cgroups`);
  if (/^[^/:]*:[^/:]*:[^/:]+$/.test(path)) {
    throw new RuntimeError("E_CONFIG_UNSUPPORTED", `cgroups path ${path}: the systemd cgroup driver is not available`, {
      pointer: POINTER,
      hint: "give a path such as /group/name",
    });
  }
  return found;
}

function invalid(message: string): RuntimeError {
  return new RuntimeError("E_CONFIG_INVALID", message, { pointer: POINTER, specRef: "config-linux.md#cgroups-path" });
}
