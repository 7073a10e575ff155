/**
 * The one port between the runtime and the outside: files, clock, processes, the C++ core.
 * Two implementations: Node (N-API addon + libuv) and native (QuickJS + poll loop).
 * All calls but `wait` and `sleep` are plain system calls: they return at once or throw SystemError.
 *
 * Strings are surrogate-escaped UTF-8: a byte that is not valid UTF-8 becomes U+DC80..U+DCFF and is written back as
 * that byte, so that any path, argument or environment survives the round trip.
 */

/** A failed system call. Thrown by every call of the port. */
export interface SystemError extends Error {
  /** Name of the call, e.g. `openat`. */
  readonly syscall: string;
  /** Positive errno number, e.g. 2. */
  readonly errno: number;
}

/** Whether `error` is a failed system call, optionally with one of the given errno numbers (see linux/errno.ts). */
export function isSystemError(error: unknown, ...errnos: number[]): error is SystemError {
  if (typeof error !== "object" || error === null || !("errno" in error) || !("syscall" in error)) return false;
  return errnos.length === 0 || errnos.includes(error.errno as number);
}

/** The result of stat(2); `mode` includes the type bits, `rdev` is split; times are not kept. */
export interface FileStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
}

/** statfs(2): `type` is the file system's magic number, `flags` its ST_* mount flags. */
export interface FilesystemStatus {
  readonly type: number;
  readonly flags: number;
}

/** Characters, as process.consoleSize has them. */
export interface TerminalSize {
  readonly height: number;
  readonly width: number;
}

/** How the core starts init. All descriptors stay the caller's. */
export interface LaunchOptions {
  /** The encoded plan. */
  readonly plan: Uint8Array;
  /** Descriptors handed over, in slot order (plan slot N is init's descriptor `3 + preserve + 2 + N`). */
  readonly fds: readonly number[];
  /** How many descriptors from 3 on are kept at their numbers for the program; those that are CLOEXEC are not. */
  readonly preserve: number;
  /** CLONE_NEW* for clone3; ignored when `launcher`. */
  readonly namespaces: number;
  /** Directory of the v2 cgroup for CLONE_INTO_CGROUP, or -1; ignored when `launcher`. */
  readonly cgroup: number;
  /** True: start the launcher in no new namespace; it clones init itself (CLONE_PARENT). */
  readonly launcher: boolean;
}

export interface Launched {
  /** init's pid, or the launcher's. */
  readonly pid: number;
  readonly pidfd: number;
  /** Our end of the SOCK_SEQPACKET channel. */
  readonly channel: number;
}

/** A program run outside of the container (hooks, newuidmap, criu). */
export interface SpawnOptions {
  /** Absolute path. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Working directory, or "" for the caller's. */
  readonly cwd: string;
  /** Bytes on stdin (an anonymous file, so a program that does not read can't block us). */
  readonly input: Uint8Array;
}

export interface Spawned {
  readonly pid: number;
  readonly pidfd: number;
  /** Read end of the pipe on its stdout and stderr. */
  readonly output: number;
}

/** How a child ended: exactly one of `exited` (0-255) and `signal` is not null. */
export interface ExitStatus {
  readonly exited: number | null;
  readonly signal: number | null;
}

export interface Port {
  // --- files: every descriptor is opened with O_CLOEXEC ---
  open(path: string, flags: number, mode?: number): number;
  openat(dir: number, path: string, flags: number, mode?: number): number;
  /** A directory, not through a symlink in its last component. */
  openDirectory(path: string): number;
  close(fd: number): void;
  /** At most `max` bytes; empty at end of file. */
  read(fd: number, max: number): Uint8Array;
  /** Bytes written, which may be fewer than given. */
  write(fd: number, data: Uint8Array | string): number;
  /** The whole file as text; EFBIG when it is longer than `max` bytes. */
  readFile(path: string, max: number): string;
  readFileBytes(path: string, max: number): Uint8Array;
  /** open + one write + close: what cgroup and proc files want. `flags` e.g. O_WRONLY. A short write is EIO. */
  writeFile(path: string, data: Uint8Array | string, flags: number, mode?: number): void;
  mkdir(path: string, mode: number): void;
  rmdir(path: string): void;
  unlink(path: string): void;
  rename(from: string, to: string): void;
  link(from: string, to: string): void;
  symlink(target: string, path: string): void;
  mkfifo(path: string, mode: number): void;
  stat(path: string): FileStatus;
  lstat(path: string): FileStatus;
  fstat(fd: number): FileStatus;
  readlink(path: string): string;
  /** Names without `.` and `..`, unordered. */
  readdir(path: string): string[];
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  ftruncate(fd: number, size: number): void;
  fsync(fd: number): void;
  /** flock(2); operation as LOCK_* numbers. */
  flock(fd: number, operation: number): void;
  /** faccessat(2) with the effective ids; throws when denied. */
  access(path: string, mode: number): void;
  statfs(path: string): FilesystemStatus;
  /** Canonical absolute path; every component must exist. */
  realpath(path: string): string;
  /** An empty anonymous file that may be sealed. */
  memfd(name: string): number;
  /** F_SEAL_SEAL|SHRINK|GROW|WRITE: what is in it stays. */
  sealMemfd(fd: number): void;
  dup(fd: number): number;
  /** Sets O_NONBLOCK. */
  setNonblocking(fd: number): void;

  // --- this process ---
  argv(): string[];
  environ(): string[];
  cwd(): string;
  getpid(): number;
  geteuid(): number;
  getegid(): number;
  uname(): { readonly release: string; readonly machine: string };
  isatty(fd: number): boolean;
  /** Milliseconds since the epoch, with fraction. */
  now(): number;
  /** Monotonic microseconds. */
  monotonic(): number;
  /** Has the given signals delivered to a descriptor from now on, instead of what they did. Closing it swallows them. */
  signalfd(signals: readonly number[]): number;
  /** Next signal number of such a descriptor, or 0 when none is pending. */
  readSignal(fd: number): number;

  /** A counter (eventfd(2)) that others raise; it is readable while it is not 0, and a read sets it to 0. */
  eventfd(): number;
  /** Readable when one of the IN_* events of `mask` has come to one of the files; what is read says nothing more. */
  inotify(paths: readonly string[], mask: number): number;

  // --- other processes ---
  kill(pid: number, signal: number): void;
  pidfdOpen(pid: number): number;
  pidfdSendSignal(pidfd: number, signal: number): void;
  /** Reaps a child without blocking; null while it runs. */
  waitPidfd(pidfd: number): ExitStatus | null;
  /** How a process ended that may be anybody's child, once its parent has reaped it; null before. ENOTTY before Linux 6.13. */
  pidfdExit(pidfd: number): ExitStatus | null;
  /** prlimit(2); values are exact, RLIM_INFINITY is 2^64-1. */
  prlimit(pid: number, resource: number, soft: bigint, hard: bigint): void;
  getrlimit(resource: number): [soft: bigint, hard: bigint];
  /** sched_setattr(2); `attributes` is struct sched_attr, its size first. */
  setScheduler(pid: number, attributes: Uint8Array): void;
  /** ioprio_set(2) of a process group; class above bit 13, priority below. */
  setIoPriority(group: number, priority: number): void;
  /** PR_SET_CHILD_SUBREAPER. */
  setSubreaper(on: boolean): void;
  launch(options: LaunchOptions): Launched;
  spawn(options: SpawnOptions): Spawned;

  // --- namespaces and mounts ---
  /** Type of a namespace file as CLONE_NEW* (ioctl NS_GET_NSTYPE, 4.11). */
  namespaceType(fd: number): number;
  /** Descriptor of the user namespace that owns a namespace (ioctl NS_GET_USERNS, 4.9). */
  namespaceOwner(fd: number): number;
  /** A detached copy of a mount (open_tree OPEN_TREE_CLONE, 5.2); `flags` of AT_RECURSIVE and AT_SYMLINK_NOFOLLOW. */
  openTree(path: string, flags: number): number;
  /**
   * The same of several paths, with the mounts' flags locked as for a mount namespace of another user namespace; per path
   * a descriptor, or -errno.
   */
  openTrees(paths: readonly string[], flags: readonly number[]): number[];
  /** A filesystem to be configured (5.2); reading the descriptor gives the filesystem's own words about failures. */
  fsopen(type: string): number;
  /** FSCONFIG_* command with a key, "" for none, and the value of a string. */
  fsconfig(context: number, command: number, key: string, value: string): void;
  /** A detached mount of it, with MOUNT_ATTR_* attributes. */
  fsmount(context: number, attributes: number): number;
  /** mount_setattr(MOUNT_ATTR_IDMAP) on a detached mount by the maps of a user namespace (5.12); flags AT_RECURSIVE or 0. */
  mapMount(tree: number, namespace: number, flags: number): void;
  /** Descriptor of a new user namespace with these maps (lines of user_namespaces(7)), in which no process is. */
  userNamespace(uidMap: string, gidMap: string): number;
  /** uid_map, gid_map and setgroups (`allow` or `deny`) of a user namespace, as seen from ours; -1 is ours. */
  userNamespaceMaps(namespace: number): string[];

  /** Loads an eBPF program of type CGROUP_DEVICE and attaches it to an open v2 cgroup directory (4.15). */
  attachDevices(cgroup: number, program: Uint8Array): void;

  // --- terminals ---
  /** ioctl TIOCGWINSZ. */
  terminalSize(fd: number): TerminalSize;
  setTerminalSize(fd: number, height: number, width: number): void;
  /** A `struct termios`, see linux/termios.ts. */
  terminalMode(fd: number): Uint8Array;
  /** False, and nothing is done, while this process is in the background of the terminal. */
  setTerminalMode(fd: number, mode: Uint8Array): boolean;
  /** Has the terminal get this mode when the process ends, even by a signal that tells of a fault; -1 takes it back. */
  restoreAtEnd(fd: number, mode: Uint8Array): void;

  // --- unix sockets ---
  /** A stream connected to a listening socket; EAGAIN when too many others wait there. */
  connectSocket(path: string): number;
  /** Two streams that are each other's end. */
  socketPair(): [number, number];
  /** The descriptor that the next message brings, or null when none is there yet; EPROTO when it brings none. */
  receiveDescriptor(socket: number): number | null;
  /** One message with a descriptor; its data must not be empty. */
  sendDescriptor(socket: number, fd: number, data: Uint8Array): void;
  /**
   * A non-blocking socket for datagrams, bound to a path and connected to another ("": not); for `send` and `receive`.
   * A path that starts with @ is in the abstract namespace.
   */
  datagramSocket(bound: string, connected: string): number;

  // --- the network ---
  /** A route socket in the network namespace of a descriptor, or in our own (-1). */
  netlinkOpen(namespace: number): number;
  /** Sends one message (with NLM_F_ACK or NLM_F_DUMP) and gives those that answer it; EINTR when a dump must be repeated. */
  netlinkCall(socket: number, message: Uint8Array): Uint8Array;

  // --- the channel to init ---
  /** One message; EAGAIN when it can't be taken at once. */
  send(channel: number, data: Uint8Array): void;
  /** One message, or null when none is there yet; empty at end of file. */
  receive(channel: number, max: number): Uint8Array | null;

  // --- text ---
  encode(text: string): Uint8Array;
  decode(bytes: Uint8Array): string;
  /** SHA-256 as 64 hex digits. */
  sha256(data: Uint8Array): string;
  /** Checks size, UTF-8 and nesting before the engine sees the text; returns it. Throws SystemError EFBIG (size), ELOOP (nesting), EILSEQ (UTF-8). */
  readJson(path: string, maxBytes: number, maxDepth: number): string;

  // --- waiting ---
  /** Resolves true when `fd` is readable (or `write`able) or hung up, false at `deadline` (monotonic microseconds; none: never). */
  wait(fd: number, events: "read" | "write", deadline?: number): Promise<boolean>;
  /** Resolves at `deadline` (monotonic microseconds). */
  sleep(deadline: number): Promise<void>;
}

let current: Port | undefined;

/** Called once by the host's entry before anything else runs. */
export function setPort(port: Port): void {
  current = port;
}

/** The host's port. */
export function port(): Port {
  if (current === undefined) throw new Error("no host: setPort was not called");
  return current;
}
