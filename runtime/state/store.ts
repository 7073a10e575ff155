/** One folder per container below the root: the record, the config's copy, the fifos. A folder's flock is the lock. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { EAGAIN, EEXIST, EINTR, ENOENT, ENOTDIR } from "../linux/errno.ts";
import { LOCK_EX, LOCK_NB, O_CREAT, O_EXCL, O_TRUNC, O_WRONLY } from "../linux/flags.ts";
import { parseRecord, type Record } from "./record.ts";

const RECORD_LIMIT = 1 << 20;
const CONFIG_LIMIT = 16 << 20;
/** Longest id: it becomes a file name. */
const ID_LIMIT = 255;
const LOCK_RETRY_US = 5_000;
const NOTIFY = "notify";
const FIFOS = ["exec.fifo", "report.fifo"] as const;

/** Refuses what is not `[A-Za-z0-9_+.-]+`, `.` and `..`, before any path is made of it. */
export function checkId(id: string): void {
  const wrong =
    id === ""
      ? "it is empty"
      : id === "." || id === ".."
        ? "it names a folder of the file system"
        : id.length > ID_LIMIT
          ? `it is longer than ${ID_LIMIT} bytes`
          : /^[A-Za-z0-9_+.-]+$/.test(id)
            ? undefined
            : "only letters, digits and _ + . - are allowed";
  if (wrong === undefined) return;
  throw new RuntimeError("E_ID_INVALID", `invalid container id ${JSON.stringify(id.slice(0, 64))}: ${wrong}`);
}

/** The folder of one container. Nothing is touched before a method is called. */
export class ContainerStore {
  readonly id: string;
  readonly folder: string;
  readonly #root: string;

  constructor(root: string, id: string) {
    checkId(id);
    this.id = id;
    this.#root = root;
    this.folder = `${root}/${id}`;
  }

  /** Takes the id by making its folder. Throws E_CONTAINER_EXISTS when somebody else has it. */
  claim(): void {
    makeFolders(this.#root);
    try {
      port().mkdir(this.folder, 0o700);
    } catch (error) {
      if (!isSystemError(error, EEXIST)) throw error;
      throw new RuntimeError("E_CONTAINER_EXISTS", `container with given ID already exists: ${this.id}`);
    }
  }

  /** The folder's lock, or null when another command holds it. Released by closing the descriptor. */
  tryLock(): number | null {
    const fd = this.#open();
    try {
      port().flock(fd, LOCK_EX | LOCK_NB);
      return fd;
    } catch (error) {
      port().close(fd);
      if (isSystemError(error, EAGAIN, EINTR)) return null;
      throw error;
    }
  }

  /** Waits for the lock until `deadline` (monotonic microseconds); null when it did not come. */
  async lock(deadline: number): Promise<number | null> {
    for (;;) {
      const fd = this.tryLock();
      if (fd !== null || port().monotonic() >= deadline) return fd;
      await port().sleep(port().monotonic() + LOCK_RETRY_US);
    }
  }

  /** The record. Throws E_CONTAINER_MISSING, or null when the folder is there but its record was never written. */
  read(): Record | null {
    try {
      return parseRecord(port().readFile(`${this.folder}/state.json`, RECORD_LIMIT), this.id);
    } catch (error) {
      if (!isSystemError(error, ENOENT, ENOTDIR)) throw error;
    }
    try {
      port().lstat(this.folder);
      return null;
    } catch (error) {
      if (!isSystemError(error, ENOENT, ENOTDIR)) throw error;
      throw missing(this.id);
    }
  }

  /** The record, which must be there. */
  require(): Record {
    const record = this.read();
    if (record === null) {
      throw new RuntimeError("E_STATE_UNREADABLE", `container ${this.id}: its making was cut off; delete it by force`);
    }
    return record;
  }

  /** Replaces the record as a whole: a reader sees the old one or the new one. */
  save(record: Record): void {
    const temporary = `${this.folder}/.state.json`;
    port().writeFile(temporary, `${JSON.stringify(record)}\n`, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
    port().rename(temporary, `${this.folder}/state.json`);
  }

  /** Keeps the config as it was at create: later edits of the bundle don't matter (runtime.md#lifecycle). */
  saveConfig(text: string): void {
    port().writeFile(`${this.folder}/config.json`, text, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  }

  /** Puts a changed config (`update`) in its place, as a whole. */
  replaceConfig(text: string): void {
    const temporary = `${this.folder}/.config.json`;
    port().writeFile(temporary, text, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
    port().rename(temporary, `${this.folder}/config.json`);
  }

  readConfig(): string {
    return port().readFile(`${this.folder}/config.json`, CONFIG_LIMIT);
  }

  makeFifos(): void {
    for (const name of FIFOS) port().mkfifo(`${this.folder}/${name}`, 0o600);
  }

  /** The folder that the container sees the socket of its notices in (`openNotifyProxy`). */
  makeNotify(): void {
    port().mkdir(`${this.folder}/${NOTIFY}`, 0o755);
  }

  hasNotify(): boolean {
    try {
      port().lstat(`${this.folder}/${NOTIFY}`);
      return true;
    } catch (error) {
      if (isSystemError(error, ENOENT, ENOTDIR)) return false;
      throw error;
    }
  }

  /** Removes the folder and all that tsrun puts there. No error when it is gone already. */
  remove(): void {
    for (const name of [...FIFOS, "config.json", ".config.json", ".state.json", "state.json"]) {
      ignoring([ENOENT, ENOTDIR], () => port().unlink(`${this.folder}/${name}`));
    }
    if (this.hasNotify()) this.#removeNotify();
    ignoring([ENOENT, ENOTDIR], () => port().rmdir(this.folder));
  }

  /** A privileged container may have left more there than the socket. */
  #removeNotify(): void {
    const folder = `${this.folder}/${NOTIFY}`;
    for (const name of port().readdir(folder)) ignoring([ENOENT], () => port().unlink(`${folder}/${name}`));
    ignoring([ENOENT], () => port().rmdir(folder));
  }

  #open(): number {
    try {
      return port().openDirectory(this.folder);
    } catch (error) {
      if (isSystemError(error, ENOENT, ENOTDIR)) throw missing(this.id);
      throw error;
    }
  }
}

/** Ids of all containers below a root, sorted; none when the root is not there. */
export function containerIds(root: string): string[] {
  try {
    return port().readdir(root).sort();
  } catch (error) {
    if (isSystemError(error, ENOENT)) return [];
    throw error;
  }
}

function missing(id: string): RuntimeError {
  return new RuntimeError("E_CONTAINER_MISSING", `container does not exist: ${id}`);
}

function ignoring(errnos: readonly number[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isSystemError(error, ...errnos)) throw error;
  }
}

/** mkdir -p with mode 0711: others may pass to a container's own folder, none may list. */
function makeFolders(path: string): void {
  try {
    port().mkdir(path, 0o711);
  } catch (error) {
    if (isSystemError(error, EEXIST)) return;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!isSystemError(error, ENOENT) || parent === "") throw error;
    makeFolders(parent);
    port().mkdir(path, 0o711);
  }
}
