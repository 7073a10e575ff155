/** What callers of the container API say and get: the CLI, the library and the shim all speak these types. */
import type { RuntimeError } from "../errors.ts";
import type { TerminalSize } from "../host/port.ts";
import type { StepEvent } from "../launch/trace.ts";
import type { Process } from "../spec/generated/types.ts";

/** Where containers live and what hears of their making; common to every call. */
export interface Context {
  /** Folder of the state of all containers, e.g. `/run/tsrun`. */
  readonly root: string;
  /** Told of everything that is not an error: unknown keys, dropped capabilities, failed poststop hooks. */
  readonly onWarning: (text: string, pointer?: string) => void;
  /** Told of every step as it is walked, by whom, and when (costs nothing when absent). */
  readonly onStep?: ((event: StepEvent) => void) | undefined;
}

/** Where the terminal of a program goes that has one. */
export type ConsoleTarget =
  /** To the unix socket at this path, on which somebody listens: one message with the descriptor of the master. */
  | { readonly kind: "socket"; readonly path: string }
  /**
   * To the caller: `terminal` of the RunningProcess. `size`, when given, goes before process.consoleSize; with `plain`
   * newlines come out as the program writes them, without carriage returns.
   */
  | { readonly kind: "caller"; readonly size?: TerminalSize | undefined; readonly plain?: boolean | undefined };

/** Sockets of the caller, its descriptors from 3 on, that a program takes over (sd_listen_fds(3)). */
export interface ListenFds {
  readonly count: number;
  /** LISTEN_FDNAMES. */
  readonly names: string | undefined;
}

export interface CreateOptions {
  readonly id: string;
  /** The bundle's folder, absolute or relative to the caller's. */
  readonly bundle: string;
  /** A file to be read in place of the bundle's config.json. */
  readonly config?: string | undefined;
  /** Written with init's pid before create returns; undefined for none. */
  readonly pidFile?: string | undefined;
  /** chroot instead of pivot_root: for a rootfs on the initial ramdisk. */
  readonly noPivot?: boolean | undefined;
  /** Leaves the caller's session keyring to the container instead of giving it one of its own. */
  readonly noNewKeyring?: boolean | undefined;
  /** Descriptors 3 .. 3+N-1 that the program keeps; those of listenFds come before them. */
  readonly preserveFds?: number | undefined;
  readonly listenFds?: ListenFds | undefined;
  /** Makes a place for the notices of the program (sd_notify(3)): see `openNotifyProxy`. */
  readonly notify?: boolean | undefined;
  /** A unix socket that gets a pidfd of init. */
  readonly pidfdSocket?: string | undefined;
  /** Needed when process.terminal is true; a socket is refused when it is not. */
  readonly console?: ConsoleTarget | undefined;
}

/** Which program exec runs; fields that are undefined come from the container's own process. */
export interface ExecOptions {
  readonly id: string;
  /** A whole process object (`exec --process`), or undefined. */
  readonly process?: Process | undefined;
  readonly args?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  /** `NAME=value` entries added to the environment. */
  readonly env?: readonly string[] | undefined;
  readonly user?: { readonly uid: number; readonly gid: number | undefined } | undefined;
  readonly additionalGids?: readonly number[] | undefined;
  /** Capabilities added to bounding, effective and permitted. */
  readonly capabilities?: readonly string[] | undefined;
  /** AppArmor profile and SELinux label instead of the container's own. */
  readonly apparmorProfile?: string | undefined;
  readonly selinuxLabel?: string | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  /** A terminal for the program; what a whole process object says goes before it. */
  readonly terminal?: boolean | undefined;
  /** Needed when the program has a terminal; a socket is refused when it has none. */
  readonly console?: ConsoleTarget | undefined;
  /** Whether a paused container is none to refuse: the program then starts when it is resumed. */
  readonly ignorePaused?: boolean | undefined;
  /** Sub-cgroups to join, relative to the container's own, by controller ("": all); v2 knows only "". */
  readonly cgroups?: ReadonlyMap<string, string> | undefined;
  readonly pidFile?: string | undefined;
  /** A unix socket that gets a pidfd of the program. */
  readonly pidfdSocket?: string | undefined;
  /** As in CreateOptions. */
  readonly preserveFds?: number | undefined;
  readonly listenFds?: ListenFds | undefined;
}

/** A program that runs in a container, as its starter sees it. */
export interface RunningProcess {
  readonly pid: number;
  /** Resolves when it has ended: 0-255, or 128 + signal. */
  wait(): Promise<number>;
  /** Sends a signal through the pidfd. */
  signal(signal: number): void;
  /** The master of the program's terminal, when it was to go to the caller; not to be closed but by `hangUp`. */
  readonly terminal: number | undefined;
  /** Closes the terminal; the program is told so by SIGHUP. */
  hangUp(): void;
  /** Releases the descriptors; the program goes on, but its terminal is hung up. */
  close(): void;
}

export type Status = "creating" | "created" | "running" | "paused" | "stopped";

/** What `state` prints: the spec's state plus runc's fields. */
export interface ContainerState {
  readonly ociVersion: string;
  readonly id: string;
  /** 0 when stopped. */
  readonly pid: number;
  readonly status: Status;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339 with nanoseconds, UTC. */
  readonly created: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Present and true when a stopped container's processes were killed for memory. */
  readonly oomKilled?: true;
  readonly owner: string;
}

/** One row of `list`; an entry that can't be read carries its error and never breaks the list. */
export type ListEntry = { readonly state: ContainerState } | { readonly id: string; readonly error: RuntimeError };
