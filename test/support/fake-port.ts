/** A port that answers from memory, for tests of what is said and printed; any other call is an error of the test. */
import { type Port, setPort } from "../../runtime/host/port.ts";

const ENOTTY = 25;

/** Text written to descriptors and files since `fakePort` was called. */
export interface Written {
  readonly fds: Map<number, string>;
  readonly files: Map<string, string>;
}

/** A failed system call as the hosts throw it. */
export function systemError(syscall: string, errno: number, message: string): Error {
  return Object.assign(new Error(message), { syscall, errno });
}

/** Sets a port with these words, environment and calls; writes are kept, new files get descriptors from 10 on. */
export function fakePort(words: readonly string[], environ: readonly string[], calls: Partial<Port> = {}): Written {
  const written: Written = { fds: new Map(), files: new Map() };
  const open = new Map<number, string>();
  const decoder = new TextDecoder();
  const known: Partial<Port> = {
    argv: () => [...words],
    environ: () => [...environ],
    cwd: () => "/home",
    getpid: () => 77,
    geteuid: () => 0,
    getegid: () => 0,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    monotonic: () => 1000,
    encode: (text) => new TextEncoder().encode(text),
    decode: (bytes) => decoder.decode(bytes),
    open(path) {
      const fd = 10 + open.size;
      open.set(fd, path);
      return fd;
    },
    close: () => undefined,
    isatty: () => false,
    terminalSize: () => {
      throw systemError("ioctl TIOCGWINSZ", ENOTTY, "not a terminal");
    },
    write(fd, data) {
      const text = typeof data === "string" ? data : decoder.decode(data);
      const path = open.get(fd);
      if (path === undefined) written.fds.set(fd, (written.fds.get(fd) ?? "") + text);
      else written.files.set(path, (written.files.get(path) ?? "") + text);
      return data.length;
    },
    ...calls,
  };
  const refuse = (_: object, name: string | symbol) => {
    if (name in known) return known[name as keyof Port];
    throw new Error(`the test did not expect port().${String(name)}`);
  };
  setPort(new Proxy({}, { get: refuse }) as Port);
  return written;
}
