/** What the checks of a configuration find. */

import type { ErrorCode } from "../errors.ts";

/** Stable codes of warnings, for the JSON log and `tsrun check`. */
export const WARNING_CODES = {
  W_UNKNOWN_KEY: "the specification has no such key; it is ignored",
  W_DEPRECATED: "the specification advises against it",
  W_IGNORED: "it has no effect here",
  W_CAPABILITY: "the capability can't be granted and is dropped",
  W_VERSION: "the configuration is newer than the specification that tsrun knows",
  W_SUSPICIOUS: "it is allowed, but hardly what was meant",
} as const;

export type WarningCode = keyof typeof WARNING_CODES;

export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: ErrorCode | WarningCode;
  /** JSON pointer into config.json. */
  readonly pointer: string;
  /** One line, lower case, without full stop and without the pointer. */
  readonly message: string;
  /** Section of the specification, e.g. `config.md#mounts`. */
  readonly specRef: string;
}

/** A finding that changes nothing but has to be told. */
export type Warning = Finding & { readonly severity: "warning"; readonly code: WarningCode };

/** Shared by every rule that finds nothing. */
export const NONE: readonly Finding[] = [];

/** A broken rule of the specification. */
export function fault(pointer: string, message: string, specRef: string): Finding {
  return { severity: "error", code: "E_CONFIG_INVALID", pointer, message, specRef };
}

/** Something to be told that does not stop the operation. */
export function warning(code: WarningCode, pointer: string, message: string, specRef: string): Warning {
  return { severity: "warning", code, pointer, message, specRef };
}
