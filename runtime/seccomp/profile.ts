/** The part of config.json this room reads, as far as it reads it (config-linux.md#seccomp). */

import { RuntimeError } from "../errors.ts";

/** An integer of config.json: a bigint where a JavaScript number would round it. */
export type Integer = number | bigint;

export interface SeccompArgument {
  readonly index: Integer;
  readonly value: Integer;
  readonly valueTwo?: Integer | undefined;
  readonly op: string;
}

export interface SeccompEntry {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: Integer | undefined;
  readonly args?: readonly SeccompArgument[] | undefined;
}

export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: Integer | undefined;
  readonly architectures?: readonly string[] | undefined;
  readonly flags?: readonly string[] | undefined;
  readonly syscalls?: readonly SeccompEntry[] | undefined;
}

/** Where the profile lies in config.json. */
export const POINTER = "/linux/seccomp";

/** JSON pointer of an entry of `syscalls`. */
export function entryPointer(entry: number): string {
  return `${POINTER}/syscalls/${entry}`;
}

/** The error for a profile that breaks a rule of the specification; `message` lacks the room's name. */
export function invalid(message: string, pointer: string): RuntimeError {
  return new RuntimeError("E_CONFIG_INVALID", `seccomp: ${message}`, { pointer, specRef: "config-linux.md#seccomp" });
}
