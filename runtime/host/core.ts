/**
 * The C++ core as JavaScript sees it: one function for every row of the table in addon/core. Both bindings export the
 * same rows; this file makes of them all of the port but what a host does its own way.
 */
import type { ExitStatus, Launched, Port, Spawned } from "./port.ts";

/** What a host adds to the core's calls. */
export type HostOwn = Pick<Port, "argv" | "wait" | "sleep">;

/** What the port says otherwise than the core does. */
type Adapted =
  | "open"
  | "openat"
  | "writeFile"
  | "uname"
  | "isatty"
  | "setTerminalMode"
  | "waitPidfd"
  | "pidfdExit"
  | "getrlimit"
  | "setSubreaper"
  | "launch"
  | "spawn";

/** Every row of the core's table. */
export interface Core extends Omit<Port, keyof HostOwn | Adapted> {
  open(path: string, flags: number, mode: number): number;
  openat(dir: number, path: string, flags: number, mode: number): number;
  writeFile(path: string, data: Uint8Array | string, flags: number, mode: number): void;
  /** All arguments of the process, with the engine's own. */
  commandLine(): string[];
  uname(): string[];
  isatty(fd: number): number;
  /** 0 for a process in the background, else 1. */
  setTerminalMode(fd: number, mode: Uint8Array): number;
  /** [exit status, signal], -1 for what does not apply. */
  waitPidfd(pidfd: number): number[] | null;
  pidfdExit(pidfd: number): number[] | null;
  getrlimit(resource: number): bigint[];
  setSubreaper(on: number): void;
  launch(
    plan: Uint8Array,
    fds: readonly number[],
    preserve: number,
    namespaces: number,
    cgroup: number,
    launcher: number,
  ): Launched;
  spawn(path: string, args: readonly string[], env: readonly string[], cwd: string, input: Uint8Array): Spawned;
  /** Clears CLOEXEC. */
  keepOpen(fd: number): void;
  epollCreate(): number;
  epollControl(epoll: number, operation: number, fd: number, events: number): void;
  /** Descriptor, events, descriptor, events ... of what is ready now. */
  epollReady(epoll: number): number[];
  /** ppoll(2): POLL* bits found of each; microseconds, -1 for ever. */
  poll(fds: readonly number[], events: readonly number[], timeout: number): number[];
}

/** New files that nobody gave a mode are their owner's alone. */
const PRIVATE = 0o600;

function ended(found: number[] | null): ExitStatus | null {
  if (found === null) return null;
  const [exited = -1, signal = -1] = found;
  return signal < 0 ? { exited, signal: null } : { exited: null, signal };
}

/** The port over `core`, completed by what the host does itself (which may also replace a call of the core). */
export function portOver(core: Core, own: HostOwn & Partial<Port>): Port {
  return {
    ...core,
    open: (path, flags, mode = PRIVATE) => core.open(path, flags, mode),
    openat: (dir, path, flags, mode = PRIVATE) => core.openat(dir, path, flags, mode),
    writeFile: (path, data, flags, mode = PRIVATE) => core.writeFile(path, data, flags, mode),
    uname() {
      const [release = "", machine = ""] = core.uname();
      return { release, machine };
    },
    isatty: (fd) => core.isatty(fd) === 1,
    setTerminalMode: (fd, mode) => core.setTerminalMode(fd, mode) === 1,
    waitPidfd: (pidfd) => ended(core.waitPidfd(pidfd)),
    pidfdExit: (pidfd) => ended(core.pidfdExit(pidfd)),
    getrlimit(resource) {
      const [soft = 0n, hard = 0n] = core.getrlimit(resource);
      return [soft, hard];
    },
    setSubreaper: (on) => core.setSubreaper(on ? 1 : 0),
    launch: (o) => core.launch(o.plan, o.fds, o.preserve, o.namespaces, o.cgroup, o.launcher ? 1 : 0),
    spawn: (o) => core.spawn(o.path, o.args, o.env, o.cwd, o.input),
    ...own,
  };
}
