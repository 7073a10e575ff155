/**
 * The closed set of errors. Codes are stable: users, the JSON log and `tsrun explain` name them.
 * An error is thrown once, where the cause is known, and printed once, by main.
 */

/** What every code means and how it leaves the process: `exit` for the CLI, `ttrpc` (grpc code) for the shim. */
export const ERROR_CODES = {
  E_USAGE: { exit: 1, ttrpc: 3, meaning: "the command line can't be understood" },
  E_ID_INVALID: { exit: 1, ttrpc: 3, meaning: "the container id is not acceptable" },
  E_CONFIG_MISSING: { exit: 1, ttrpc: 5, meaning: "the bundle has no readable config.json" },
  E_CONFIG_SYNTAX: { exit: 1, ttrpc: 3, meaning: "config.json is not JSON, or exceeds the limits of size and nesting" },
  E_CONFIG_INVALID: { exit: 1, ttrpc: 3, meaning: "config.json breaks a rule of the specification" },
  E_CONFIG_UNSUPPORTED: { exit: 1, ttrpc: 12, meaning: "config.json asks for what this version can't do" },
  E_CONTAINER_EXISTS: { exit: 1, ttrpc: 6, meaning: "the id is taken" },
  E_CONTAINER_MISSING: { exit: 1, ttrpc: 5, meaning: "there is no container of that id" },
  E_STATE_WRONG: { exit: 1, ttrpc: 9, meaning: "the container's status does not allow the operation" },
  E_STATE_UNREADABLE: { exit: 1, ttrpc: 13, meaning: "the container's saved state can't be read" },
  E_STATE_NEWER: { exit: 1, ttrpc: 9, meaning: "the container was made by a newer tsrun" },
  E_HOST_UNSUPPORTED: { exit: 1, ttrpc: 12, meaning: "this host lacks what the operation needs" },
  E_SYSTEM: { exit: 1, ttrpc: 13, meaning: "a system call of the runtime failed" },
  E_CGROUP: { exit: 1, ttrpc: 13, meaning: "a cgroup can't be made, joined or limited" },
  E_NAMESPACE: { exit: 1, ttrpc: 13, meaning: "a namespace can't be made or joined" },
  E_NETWORK: { exit: 1, ttrpc: 13, meaning: "a network device can't be moved into the container" },
  E_RESCTRL: { exit: 1, ttrpc: 13, meaning: "a resctrl group can't be made, joined or limited" },
  E_ROOTFS: { exit: 1, ttrpc: 13, meaning: "the root filesystem can't be set up" },
  E_MOUNT: { exit: 1, ttrpc: 13, meaning: "a mount failed" },
  E_DEVICE: { exit: 1, ttrpc: 13, meaning: "a device can't be made" },
  E_PROCESS: { exit: 1, ttrpc: 13, meaning: "a property of the process can't be applied" },
  E_PROGRAM_MISSING: { exit: 127, ttrpc: 5, meaning: "the program is not in the container" },
  E_PROGRAM_DENIED: { exit: 126, ttrpc: 7, meaning: "the program can't be executed" },
  E_HOOK_FAILED: { exit: 1, ttrpc: 13, meaning: "a hook failed, timed out or can't be run" },
  E_INIT_LOST: { exit: 1, ttrpc: 13, meaning: "init ended before it was ready" },
  E_INTERNAL: { exit: 1, ttrpc: 13, meaning: "a fault of tsrun itself" },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Where an error comes from, as far as it is known. Every field ends up in the JSON log. */
export interface ErrorDetails {
  /** JSON pointer into config.json, e.g. `/mounts/3/source`. */
  readonly pointer?: string | undefined;
  /** Section of the specification, e.g. `config.md#mounts`. */
  readonly specRef?: string | undefined;
  /** 1-based position in config.json, when the text itself is at fault. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Step of the plan that failed, e.g. `mount`. */
  readonly phase?: string | undefined;
  readonly syscall?: string | undefined;
  /** Symbolic errno, e.g. `ENOENT`. */
  readonly errno?: string | undefined;
  /** What the user can do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class: a stable code, a one-line message, and where it comes from. */
export class RuntimeError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** `message` is one line, lower case, without full stop and without the pointer (`oneLine` adds it). */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "RuntimeError";
    this.code = code;
    this.details = details;
  }

  /** The sentence as printed: message, then `(config.json POINTER)` when one is known. */
  get oneLine(): string {
    const text = this.message.replace(/\s*\n\s*/g, " ");
    return this.details.pointer === undefined ? text : `${text} (config.json ${this.details.pointer || "/"})`;
  }
}
