/** Where --log writes to: a file, the journal, or syslog. */
import { port } from "../host/port.ts";
import { O_APPEND, O_CLOEXEC, O_CREAT, O_WRONLY } from "../linux/flags.ts";
import { printable } from "../output.ts";
import { type Entry, jsonLine, type Level, textLine } from "./entry.ts";

export interface Sink {
  /** False when only a part was taken. Throws SystemError. */
  write(level: Level, entry: Entry): boolean;
  close(): void;
}

const JOURNAL = "/run/systemd/journal/socket";
const SYSLOG = "/dev/log";
const IDENTIFIER = "tsrun";
/** Severities of syslog(3), which the journal shares, and its facility for daemons. */
const SEVERITY: Readonly<Record<Level, number>> = { error: 3, warning: 4, info: 6, debug: 7 };
const DAEMON = 3 << 3;

/**
 * Opens a target of --log: `journald:NAME` and `syslog:NAME` (NAME is how the entries are marked: tsrun when it is
 * empty), `file:PATH`, or a path. `json` is for files alone. Throws SystemError.
 */
export function openSink(target: string, json: boolean): Sink {
  const [, scheme = "file", rest = target] = /^(journald|syslog|file):(.*)$/s.exec(target) ?? [];
  if (scheme === "file") return fileSink(rest, json ? jsonLine : textLine);
  const name = printable(rest) || IDENTIFIER;
  if (scheme === "journald") return datagrams(JOURNAL, (level, entry) => journalEntry(name, level, entry));
  return datagrams(SYSLOG, (level, { msg }) => {
    return `<${DAEMON | SEVERITY[level]}>${name}[${port().getpid()}]: ${printable(msg)}`;
  });
}

/** One write per entry: with O_APPEND, lines of several processes never mix. */
function fileSink(path: string, lineOf: (level: Level, entry: Entry) => string): Sink {
  const fd = port().open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644);
  return {
    write(level, entry) {
      const bytes = port().encode(lineOf(level, entry));
      return port().write(fd, bytes) === bytes.length;
    },
    close: () => port().close(fd),
  };
}

function datagrams(path: string, textOf: (level: Level, entry: Entry) => string): Sink {
  const fd = port().datagramSocket("", path);
  return {
    write(level, entry) {
      port().send(fd, port().encode(textOf(level, entry)));
      return true;
    },
    close: () => port().close(fd),
  };
}

/** The journal's own format (systemd.io/JOURNAL_NATIVE_PROTOCOL): a line for each field, names in capitals. */
function journalEntry(name: string, level: Level, { msg, fields }: Entry): string {
  const known = { MESSAGE: msg, PRIORITY: SEVERITY[level], SYSLOG_IDENTIFIER: name };
  const more = Object.entries(fields).map(([key, value]) => [`TSRUN_${key.toUpperCase()}`, value] as const);
  return [...Object.entries(known), ...more]
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${printable(String(value))}\n`)
    .join("");
}
