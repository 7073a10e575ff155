/** The container's record: what a later command, or a later tsrun, must know. JSON in `state.json`. */
import { RuntimeError } from "../errors.ts";

/** Raised when a field changes its meaning; older formats stay readable for ever. */
export const FORMAT = 1;

/** `creating` until the record is complete; what happened later is read from the process itself. */
export type RecordStatus = "creating" | "created";

/** Resctrl groups of a container (linux.intelRdt). */
export interface ResctrlRecord {
  /** Made for this container: they go with it. */
  readonly own: readonly string[];
  /** Made by its create, but named by the config: they stay once the container is complete. */
  readonly lasting: readonly string[];
  /** Files that take the pid of each process of the container. */
  readonly tasks: readonly string[];
}

/** How init ended. */
export interface Ending {
  /** Its exit status, or 128 + signal. */
  readonly exitStatus: number;
  /** The signal that ended it, where that is known. */
  readonly signal?: number;
  /** Whether the kernel killed a process of the container for memory. */
  readonly oomKilled: boolean;
}

export interface Record {
  readonly format: number;
  readonly ociVersion: string;
  readonly id: string;
  readonly status: RecordStatus;
  /** init's pid, 0 before it exists. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat (clock ticks since boot) as text: tells a reused pid. */
  readonly startTime: string;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339, UTC. */
  readonly created: string;
  readonly uid: number;
  readonly annotations: Readonly<{ [key: string]: string }>;
  /** Controller (or `unified`) to absolute directory. */
  readonly cgroupPaths: Readonly<{ [controller: string]: string }>;
  /** Cgroup directories above the container's own that create found missing: they go with it when nobody else is there. */
  readonly cgroupsMade: readonly string[];
  /** Whether it has a session keyring of its own. */
  readonly ownKeyring: boolean;
  /** CLONE_NEW* bits in which the container differs from its creator. */
  readonly namespaces: number;
  /** There when the config has intelRdt. */
  readonly resctrl?: ResctrlRecord | undefined;
  /** Since 0.1: there when somebody waited for init's end. */
  readonly ended?: Ending;
  /** How many steps the plan of create had: init reports by number. */
  readonly steps?: number;
}

const FIELDS: Readonly<{ [Field in keyof Record]: string }> = {
  format: "number",
  ociVersion: "string",
  id: "string",
  status: "string",
  pid: "number",
  startTime: "string",
  bundle: "string",
  rootfs: "string",
  created: "string",
  uid: "number",
  annotations: "object",
  cgroupPaths: "object",
  cgroupsMade: "object",
  ownKeyring: "boolean",
  namespaces: "number",
};

/** Reads a record. Throws E_STATE_NEWER for a format of the future, E_STATE_UNREADABLE for anything else that is off. */
export function parseRecord(text: string, id: string): Record {
  const value = parse(text, id);
  const format = value.format;
  if (typeof format === "number" && format > FORMAT) {
    throw new RuntimeError("E_STATE_NEWER", `container ${id}: its record has format ${format}, newer than ${FORMAT}`);
  }
  for (const [field, type] of Object.entries(FIELDS)) {
    if (typeof value[field] === type && value[field] !== null) continue;
    throw new RuntimeError("E_STATE_UNREADABLE", `container ${id}: its record has no ${field}`);
  }
  return value as unknown as Record;
}

function parse(text: string, id: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as { readonly [key: string]: unknown };
  } catch (cause) {
    throw new RuntimeError("E_STATE_UNREADABLE", `container ${id}: its record is not JSON`, { cause });
  }
  throw new RuntimeError("E_STATE_UNREADABLE", `container ${id}: its record is not an object`);
}
