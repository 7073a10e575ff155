import type { AttachDevicesStep, MakeCgroupStep, WriteCgroupStep } from "../plan/generated/step.ts";
import type { Resources } from "../spec/generated/types.ts";
import type { CgroupLayout } from "./layout.ts";

export type { Integer, Resources } from "../spec/generated/types.ts";

/** Controller, `name=...` or `unified` to absolute directory, as planned and saved. */
export type CgroupPaths = Readonly<Record<string, string>>;

/** Something that the caller should know and that does not stop the container. */
export interface CgroupWarning {
  readonly message: string;
  /** JSON pointer into config.json, "" when nothing there caused it. */
  readonly pointer: string;
}

/**
 * What to do when a write fails: nothing given is an error (after `other` where the kernel has no such file); `skip`
 * leaves a missing file; `warn` makes any failure a warning; `unblock` writes `other` and then tries again, when the
 * kernel refused the value because of what an older value of the other file allows.
 */
export type OnFailure = "" | "skip" | "warn" | "unblock";

/** One value for one file of the container's directory in one hierarchy. */
export interface CgroupWrite {
  /** Name within the directory, e.g. `memory.max`. */
  readonly file: string;
  readonly value: string;
  /** JSON pointer into config.json. */
  readonly from: string;
  readonly onFailure?: OnFailure;
  /** Another file beside it, see OnFailure. */
  readonly other?: { readonly file: string; readonly value: string };
  /** A file beside it whose number must not exceed the value. */
  readonly notBelow?: string;
  /** True for a value that must wait until init is in the cgroup. */
  readonly late?: boolean;
}

/** Turns the resources of config.json into the writes of one controller; pure. Throws RuntimeError with its pointer. */
export type Writer = (resources: Resources, warn: (message: string, pointer: string) => void) => CgroupWrite[];

export interface CgroupRequest {
  readonly layout: CgroupLayout;
  readonly id: string;
  readonly cgroupsPath: string | undefined;
  readonly resources: Resources | undefined;
  /** The runtime itself is in a user namespace, where device rules can't be written. */
  readonly inUserNamespace?: boolean;
}

/** Where a process joins a v1 hierarchy. */
export interface CgroupJoin {
  /** Absolute `tasks` file. */
  readonly path: string;
}

export interface CgroupPlan {
  /** Before the clone, in this order. */
  readonly steps: readonly (AttachDevicesStep | MakeCgroupStep | WriteCgroupStep)[];
  /** After the clone (of init, where there is a launcher) and before init goes on. */
  readonly lateSteps: readonly WriteCgroupStep[];
  readonly joins: readonly CgroupJoin[];
  /** v2 directory for CLONE_INTO_CGROUP, or "". */
  readonly into: string;
  readonly paths: CgroupPaths;
  readonly warnings: readonly CgroupWarning[];
}
