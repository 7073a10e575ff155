/** Integers of config.json as the kernel wants them: exact decimal text, whatever their size. */
import { RuntimeError } from "../errors.ts";
import type { Integer } from "./types.ts";

/** Decimal text of an integer. Throws E_CONFIG_INVALID for a number that is none or that is no longer exact. */
export function decimal(value: Integer, pointer: string): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RuntimeError("E_CONFIG_INVALID", `number ${value}: not an exact integer`, { pointer });
  }
  return String(value);
}

/** Whether a value was given that changes something: callers send zeros for "leave it as it is". */
export function isGiven(value: Integer | undefined): value is Integer {
  return value !== undefined && Number(value) !== 0;
}

/** -1 and everything below: no limit. */
export function isUnlimited(value: Integer): boolean {
  return value < 0;
}

/** Decimal text, or `max` for no limit, as v2 and pids want it. */
export function decimalOrMax(value: Integer, pointer: string): string {
  return isUnlimited(value) ? "max" : decimal(value, pointer);
}

/** Exact difference of two integers, as decimal text. */
export function difference(value: Integer, minus: Integer): string {
  return String(BigInt(value) - BigInt(minus));
}
