/**
 * What tsrun says about its work: on stderr for people, in the file of --log for the callers of runc, which take the
 * last entry of level error as the cause.
 */
import { RuntimeError } from "./errors.ts";
import { isSystemError, port } from "./host/port.ts";
import { EAGAIN, errnoName } from "./linux/errno.ts";
import { type Entry, jsonLine, LEVELS, type Level, personLine } from "./log/entry.ts";
import { openSink, type Sink } from "./log/sink.ts";
import { writeAll } from "./output.ts";

export type { Entry, Level } from "./log/entry.ts";

const STDERR = 2;

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
  /** Where --log writes to. */
  #sink: Sink | undefined;
  /** What a full pipe on stderr did not take. */
  #late = "";

  /** Writes to `target` (see openSink) unless it is undefined or empty. Throws SystemError when it can't be opened. */
  constructor(target: string | undefined, format: string, level: Level) {
    this.#json = format === "json";
    this.#limit = LEVELS.indexOf(level);
    this.#sink = target ? openSink(target, this.#json) : undefined;
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

  /** Writes what is still kept back and closes what the log is written to. */
  async close(): Promise<void> {
    this.#sink?.close();
    this.#sink = undefined;
    try {
      await writeAll(STDERR, this.#late, "to standard error");
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
    }
  }

  #write(level: Level, msg: string, fields: Entry["fields"]): void {
    if (LEVELS.indexOf(level) > this.#limit) return;
    if (this.#sink !== undefined) this.#append(this.#sink, level, { msg, fields });
    if (this.#sink !== undefined && level !== "error") return;
    const json = this.#sink === undefined && this.#json;
    this.#tell(json ? jsonLine(level, { msg, fields }) : personLine(level, msg));
  }

  #append(sink: Sink, level: Level, entry: Entry): void {
    try {
      if (sink.write(level, entry)) return;
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
