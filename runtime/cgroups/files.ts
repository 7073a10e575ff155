/** Reading and removing in trees that others change at the same time. */
import { isSystemError, port } from "../host/port.ts";
import { EACCES, EBUSY, ENODEV, ENOENT, ENOTDIR, ENOTEMPTY, EPERM } from "../linux/errno.ts";
import { S_IFDIR, S_IFMT } from "../linux/flags.ts";

/** Longest cgroup file that is read, in bytes; a process list is by far the longest. */
export const MAX_CGROUP_FILE = 1 << 24;

/** `/a` of `/a/b`. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `b` of `/a/b`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A file's text, or undefined when it (or its cgroup) is not there. */
export function readIfThere(path: string): string | undefined {
  try {
    return port().readFile(path, MAX_CGROUP_FILE);
  } catch (error) {
    if (isSystemError(error, ENOENT, ENODEV, ENOTDIR)) return undefined;
    throw error;
  }
}

/** Names in a cgroup's directory; none when it is gone. */
export function namesIn(directory: string): string[] {
  try {
    return port().readdir(directory);
  } catch (error) {
    if (isSystemError(error, ENOENT, ENODEV)) return [];
    throw error;
  }
}

/** The cgroups directly below one. */
export function childrenOf(directory: string): string[] {
  return namesIn(directory)
    .map((name) => `${directory}/${name}`)
    .filter(isDirectory);
}

/** Whether there is a directory at a path, links not followed. */
export function isDirectory(path: string): boolean {
  try {
    return (port().lstat(path).mode & S_IFMT) === S_IFDIR;
  } catch (error) {
    if (isSystemError(error, ENOENT, ENODEV)) return false;
    throw error;
  }
}

/** Removes one cgroup; true when it is gone, false when it is still in use or not ours to remove. */
export function removeEmpty(directory: string): boolean {
  try {
    port().rmdir(directory);
    return true;
  } catch (error) {
    if (isSystemError(error, ENOENT, ENODEV)) return true;
    if (isSystemError(error, EBUSY, ENOTEMPTY, EACCES, EPERM)) return false;
    throw error;
  }
}
