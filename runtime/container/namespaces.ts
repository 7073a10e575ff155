/** What a plan depends on of the namespaces that a config joins, read from the host as plain data. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port, type SystemError } from "../host/port.ts";
import { ENOENT, EPERM, errnoName, errnoText } from "../linux/errno.ts";
import { O_RDONLY } from "../linux/flags.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Host, NamespaceFile, UserMaps } from "../plan/host.ts";
import { parseIdMap } from "../plan/id-maps.ts";
import type { Spec } from "../spec/generated/types.ts";

type JoinedNamespaces = Pick<Host, "namespaceFiles" | "ownNamespaces" | "joinedUser">;

/** Opens every namespace that is joined. Throws E_NAMESPACE when one can't be, or is none. */
export function probeNamespaces(spec: Spec): JoinedNamespaces {
  const namespaceFiles: { [path: string]: NamespaceFile } = {};
  const ownNamespaces: { [flag: number]: string } = {};
  let joinedUser: UserMaps | undefined;
  for (const [index, { type, path }] of (spec.linux?.namespaces ?? []).entries()) {
    const { flag, proc } = NAMESPACES[type];
    if (type === "time") requireKind(type, proc, `/linux/namespaces/${index}/type`);
    if (!path) continue;
    const pointer = `/linux/namespaces/${index}/path`;
    const own = port().stat(`/proc/self/ns/${proc}`);
    ownNamespaces[flag] = `${own.dev}:${own.ino}`;
    const fd = opening(path, pointer, () => port().open(path, O_RDONLY));
    try {
      const file = opening(path, pointer, () => describeFile(fd));
      namespaceFiles[path] = file;
      const users = type === "user" && file.type === flag && file.id !== ownNamespaces[flag];
      if (users) joinedUser = opening(path, pointer, () => userMaps(fd));
    } finally {
      port().close(fd);
    }
  }
  return { namespaceFiles, ownNamespaces, joinedUser };
}

/** The newest kind, which a kernel of 5.10 may have been built without. */
function requireKind(type: string, proc: string, pointer: string): void {
  try {
    port().stat(`/proc/self/ns/${proc}`);
  } catch (error) {
    if (!isSystemError(error, ENOENT)) throw error;
    const { release } = port().uname();
    throw new RuntimeError("E_HOST_UNSUPPORTED", `${type} namespace: kernel ${release} is built without`, { pointer });
  }
}

/** The maps of an open user namespace. */
function userMaps(fd: number): UserMaps {
  const [uids = "", gids = "", setgroups = ""] = port().userNamespaceMaps(fd);
  return mapsOf(uids, gids, setgroups);
}

const PROC_LIMIT = 16_384;

/** The maps of the user namespace that a process is in. */
export function userMapsOf(pid: number): UserMaps {
  const read = (file: string) => port().readFile(`/proc/${pid}/${file}`, PROC_LIMIT);
  return mapsOf(read("uid_map"), read("gid_map"), read("setgroups"));
}

function mapsOf(uids: string, gids: string, setgroups: string): UserMaps {
  return { uids: parseIdMap(uids), gids: parseIdMap(gids), setgroups: setgroups.trim() !== "deny" };
}

function describeFile(fd: number): NamespaceFile {
  return { type: port().namespaceType(fd), id: identity(fd), owner: ownerOf(fd) };
}

function opening<T>(path: string, pointer: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new RuntimeError("E_NAMESPACE", `namespace ${path}: ${reasonOf(error)}`, {
      pointer,
      syscall: error.syscall,
      errno: errnoName(error.errno),
      specRef: "config-linux.md#namespaces",
      cause: error,
    });
  }
}

function reasonOf({ syscall, errno }: SystemError): string {
  return syscall.startsWith("ioctl") ? "it is not a namespace" : errnoText(errno);
}

function identity(fd: number): string {
  const { dev, ino } = port().fstat(fd);
  return `${dev}:${ino}`;
}

/** "" when the owner is outside of what the caller may see (EPERM). */
function ownerOf(fd: number): string {
  let owner: number;
  try {
    owner = port().namespaceOwner(fd);
  } catch (error) {
    if (isSystemError(error, EPERM)) return "";
    throw error;
  }
  try {
    return identity(owner);
  } finally {
    port().close(owner);
  }
}
