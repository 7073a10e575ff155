/** A port over node:fs, as far as cgroup code needs one: for tests that must run without the addon. */
import fs from "node:fs";
import { constants } from "node:os";
import { type Port, setPort } from "../../runtime/host/port.ts";

/** node's error as the hosts throw it: errno is positive. */
function asSystemError(error: unknown): unknown {
  const { errno, syscall, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? error : Object.assign(new Error(message), { errno: -errno, syscall: syscall ?? "" });
}

function wrap<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      throw asSystemError(error);
    }
  };
}

function status(path: string): ReturnType<Port["lstat"]> {
  const { mode, uid, gid, size, dev, ino } = fs.lstatSync(path);
  return { mode, uid, gid, size, dev, ino, rdevMajor: 0, rdevMinor: 0 };
}

function send(pid: number, signal: number): void {
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  process.kill(pid, name as NodeJS.Signals);
}

/** Its pidfds are the pids themselves, so that they need no closing. */
export function fsPort(): Partial<Port> {
  const opened = new Set<number>();
  const now = () => Math.round(performance.now() * 1000);
  return {
    readFile: wrap((path) => fs.readFileSync(path, "utf8")),
    writeFile: wrap((path, data, flags) => {
      const fd = fs.openSync(path, flags);
      try {
        fs.writeSync(fd, data as string);
      } finally {
        fs.closeSync(fd);
      }
    }),
    mkdir: wrap((path, mode) => void fs.mkdirSync(path, { mode })),
    rmdir: wrap((path) => fs.rmdirSync(path)),
    readdir: wrap((path) => fs.readdirSync(path)),
    lstat: wrap(status),
    getpid: () => process.pid,
    pidfdOpen: wrap((pid) => {
      process.kill(pid, 0);
      return pid;
    }),
    pidfdSendSignal: wrap(send),
    open: wrap((path, flags) => {
      const fd = fs.openSync(path, flags);
      opened.add(fd);
      return fd;
    }),
    write: wrap((fd, data) => fs.writeSync(fd, data as string)),
    close(fd) {
      if (opened.delete(fd)) fs.closeSync(fd);
    },
    monotonic: now,
    sleep: (deadline) => new Promise((resolve) => setTimeout(resolve, Math.max(0, (deadline - now()) / 1000))),
  };
}

/** Sets a port of these calls; any other is an error of the test. */
export function usePort(calls: Partial<Port>): void {
  const refuse = (_: object, name: string | symbol) => {
    if (name in calls) return calls[name as keyof Port];
    throw new Error(`the test did not expect port().${String(name)}`);
  };
  setPort(new Proxy({}, { get: refuse }) as Port);
}
