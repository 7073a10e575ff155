/** Mounts that the parent makes because their ids are mapped: mount_setattr(MOUNT_ATTR_IDMAP) asks for the host's rights. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port, type SystemError } from "../host/port.ts";
import { EINVAL, ENOSYS, EPERM, errnoName, errnoText } from "../linux/errno.ts";
import { filesystemName } from "../linux/filesystems.ts";
import { AT_RECURSIVE, FSCONFIG_CMD_CREATE, FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, O_RDONLY } from "../linux/flags.ts";
import type { Filesystem, MountIdMap, Tree } from "../plan/slots.ts";

/** User namespaces that give mounts their maps, one for equal maps; kept until all mounts are made. */
export class MapNamespaces {
  readonly #open = new Map<string, number>();

  of({ uidMap, gidMap, namespace }: MountIdMap): number {
    const key = `${namespace}|${uidMap}|${gidMap}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const fd = namespace === "" ? port().userNamespace(uidMap, gidMap) : port().open(namespace, O_RDONLY);
    this.#open.set(key, fd);
    return fd;
  }

  close(): void {
    for (const fd of this.#open.values()) port().close(fd);
    this.#open.clear();
  }
}

/** Maps the ids of a tree that was just opened. Throws E_MOUNT, naming what the kernel or the filesystem lacks. */
export function mapTree(fd: number, { path, idMap, from }: Tree, namespaces: MapNamespaces): void {
  if (idMap !== undefined) map(fd, idMap, namespaces, { what: path, type: () => typeOf(path), from });
}

/** A new filesystem, mounted nowhere yet, with its ids mapped. Throws E_MOUNT. */
export function openFilesystem(source: Filesystem, namespaces: MapNamespaces): number {
  const { type, idMap, from } = source;
  const fd = mountDetached(source);
  try {
    map(fd, idMap, namespaces, { what: type, type: () => type, from });
    return fd;
  } catch (error) {
    port().close(fd);
    throw error;
  }
}

interface Subject {
  readonly what: string;
  readonly type: () => string;
  readonly from: string;
}

function map(fd: number, idMap: MountIdMap, namespaces: MapNamespaces, subject: Subject): void {
  try {
    port().mapMount(fd, namespaces.of(idMap), idMap.recursive ? AT_RECURSIVE : 0);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw failed(`id-mapped mount of ${subject.what}: ${reasonOf(error, idMap, subject)}`, subject.from, error);
  }
}

function reasonOf({ syscall, errno }: SystemError, { recursive }: MountIdMap, { type }: Subject): string {
  if (syscall !== "mount_setattr") return `its user namespace: ${syscall}: ${errnoText(errno)}`;
  const { release } = port().uname();
  if (errno === ENOSYS) return `kernel ${release} has no id-mapped mounts (5.12 and later have)`;
  if (errno === EINVAL) {
    const below = recursive ? ", or of a mount below," : "";
    return `the filesystem${below} (${type()}) can't be id-mapped by kernel ${release}`;
  }
  if (errno === EPERM) return "it is id-mapped already, or belongs to another user namespace";
  return errnoText(errno);
}

function typeOf(path: string): string {
  try {
    return filesystemName(port().statfs(path).type);
  } catch (error) {
    if (isSystemError(error)) return "unknown";
    throw error;
  }
}

function mountDetached({ type, source, options, attributes, from }: Filesystem): number {
  let context = -1;
  let option = "";
  try {
    context = port().fsopen(type);
    port().fsconfig(context, FSCONFIG_SET_STRING, "source", source);
    for (option of options) configure(context, option);
    option = "";
    port().fsconfig(context, FSCONFIG_CMD_CREATE, "", "");
    return port().fsmount(context, attributes);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const words = [option, context < 0 ? "" : lastWords(context)].filter((text) => text !== "");
    throw failed(`mount of ${type}: ${[errnoText(error.errno), ...words].join(": ")}`, from, error);
  } finally {
    if (context >= 0) port().close(context);
  }
}

function configure(context: number, option: string): void {
  const at = option.indexOf("=");
  if (at < 0) port().fsconfig(context, FSCONFIG_SET_FLAG, option, "");
  else port().fsconfig(context, FSCONFIG_SET_STRING, option.slice(0, at), option.slice(at + 1));
}

const MOST_WORDS = 8;
const LINE = 1024;

/** The filesystem's own last error; each read gives one line, `e text`. */
function lastWords(context: number): string {
  let found = "";
  try {
    for (let line = 0; line < MOST_WORDS; line++) {
      const text = port().decode(port().read(context, LINE)).trim();
      if (text.startsWith("e ")) found = text.slice(2);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
  return found;
}

function failed(message: string, pointer: string, error: SystemError): RuntimeError {
  const { syscall, errno } = error;
  return new RuntimeError("E_MOUNT", message, { pointer, syscall, errno: errnoName(errno), cause: error });
}
