/**
 * What tsrun says about its work: on stderr for people, in the file of --log for the callers of runc, which take the
 * last entry of level error as the cause.
 */
import { RuntimeError } from "./errors.ts";
import { isSystemError, port } from "./host/port.ts";
import { EAGAIN, errnoName } from "./linux/errno.ts";
import { O_APPEND, O_CLOEXEC, O_CREAT, O_WRONLY } from "./linux/flags.ts";
import { printable, writeAll } from "./output.ts";

const LEVELS = ["error", "warning", "info", "debug"] as const;
export type Level = (typeof LEVELS)[number];

const STDERR = 2;

/** One entry: its sentence, and what is known beside it (code, pointer, syscall ...). */
export interface Entry {
  readonly msg: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

/** The one line for anything that was thrown, with what the log says beside it. */
export function explain(error: unknown): Entry {
  if (error instanceof RuntimeError) {
    const { cause: _, ...details } = error.details;
    return { msg: error.oneLine, fields: { code: error.code, ...details } };
  }
  const text = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
  if (isSystemError(error)) {
    return { msg: text, fields: { code: "E_SYSTEM", syscall: error.syscall, errno: errnoName(error.errno) } };
  }
  return { msg: `internal error: ${text}`, fields: { code: "E_INTERNAL" } };
}

export class Log {
  readonly #json: boolean;
  readonly #limit: number;
  /** The log file, or -1. */
  #file: number;
  /** What a full pipe on stderr did not take. */
  #late = "";

  /** Appends to `path` unless it is undefined or empty. Throws SystemError when it can't be opened. */
  constructor(path: string | undefined, format: string, level: Level) {
    this.#json = format === "json";
    this.#limit = LEVELS.indexOf(level);
    this.#file = path ? port().open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) : -1;
  }

  /** The error that ends this call. Its line is the last one on stderr and in the log. */
  error(error: unknown): void {
    const stack = error instanceof Error && !(error instanceof RuntimeError) ? error.stack : undefined;
    for (const line of stack?.split("\n") ?? []) this.debug(line.trim());
    const { msg, fields } = explain(error);
    this.#write("error", msg, fields);
  }

  warning(msg: string, pointer?: string): void {
    this.#write("warning", pointer === undefined ? msg : `${msg} (config.json ${pointer || "/"})`, { pointer });
  }

  debug(msg: string, fields: Entry["fields"] = {}): void {
    this.#write("debug", msg, fields);
  }

  /** Writes what is still kept back and closes the file. */
  async close(): Promise<void> {
    if (this.#file >= 0) port().close(this.#file);
    this.#file = -1;
    try {
      await writeAll(STDERR, this.#late, "to standard error");
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
    }
  }

  #write(level: Level, msg: string, fields: Entry["fields"]): void {
    if (LEVELS.indexOf(level) > this.#limit) return;
    if (this.#file >= 0) this.#append(this.#json ? jsonLine(level, msg, fields) : textLine(level, msg, fields));
    if (this.#file >= 0 && level !== "error") return;
    this.#tell(this.#file < 0 && this.#json ? jsonLine(level, msg, fields) : personLine(level, msg));
  }

  /** One write per entry: with O_APPEND, lines of several processes never mix. */
  #append(line: string): void {
    const bytes = port().encode(line);
    try {
      if (port().write(this.#file, bytes) === bytes.length) return;
      this.#tell(personLine("warning", "the log is not complete: short write"));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#tell(personLine("warning", `the log is not complete: ${error.message}`));
    }
  }

  /** Nobody can be told that stderr is closed, so that is the one error that is left alone. */
  #tell(line: string): void {
    if (this.#late !== "") {
      this.#late += line;
      return;
    }
    const bytes = port().encode(line);
    try {
      const written = port().write(STDERR, bytes);
      if (written < bytes.length) this.#late = port().decode(bytes.subarray(written));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (isSystemError(error, EAGAIN)) this.#late = line;
    }
  }
}

function personLine(level: Level, msg: string): string {
  return `tsrun: ${level === "error" ? "" : `${level}: `}${printable(msg)}\n`;
}

function jsonLine(level: Level, msg: string, fields: Entry["fields"]): string {
  return `${JSON.stringify({ level, msg, time: timestamp(), ...fields })}\n`;
}

function textLine(level: Level, msg: string, fields: Entry["fields"]): string {
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
