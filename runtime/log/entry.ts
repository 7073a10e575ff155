/** One entry of the log, and how it is written as a line. */
import { port } from "../host/port.ts";
import { printable } from "../output.ts";

/** Gravest first. */
export const LEVELS = ["error", "warning", "info", "debug"] as const;
export type Level = (typeof LEVELS)[number];

/** One entry: its sentence, and what is known beside it (code, pointer, syscall ...). */
export interface Entry {
  readonly msg: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

/** As people read it on a terminal. */
export function personLine(level: Level, msg: string): string {
  return `tsrun: ${level === "error" ? "" : `${level}: `}${printable(msg)}\n`;
}

/** One JSON object, as callers of runc read it. */
export function jsonLine(level: Level, { msg, fields }: Entry): string {
  return `${JSON.stringify({ level, msg, time: timestamp(), ...fields })}\n`;
}

/** `key=value` words, quoted where they must be. */
export function textLine(level: Level, { msg, fields }: Entry): string {
  const words = [`time=${JSON.stringify(timestamp())}`, `level=${level}`, `msg=${JSON.stringify(printable(msg))}`];
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) words.push(`${key}=${/^[\w./-]+$/.test(`${value}`) ? value : JSON.stringify(`${value}`)}`);
  }
  return `${words.join(" ")}\n`;
}

/** RFC 3339, UTC, with milliseconds. */
function timestamp(): string {
  return new Date(port().now()).toISOString();
}
