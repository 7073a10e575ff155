/**
 * A host on which containers can be played without leave, and without anything being done: files of the story's own
 * folder are real; cgroups, signals and init are not. For the rehearsals of the native executable (rehearsal.ts).
 */
import { ENXIO, ESRCH } from "../../linux/errno.ts";
import { LAYOUT, REPORTS } from "../../plan/generated/step.ts";
import { isSystemError, type LaunchOptions, type Port } from "../port.ts";

const CGROUPS = "/sys/fs/cgroup";
const O_RDWR = 2;
const STDERR = 2;

/** What /proc and the cgroup file system say; files that are not named are empty. */
export interface Scenery {
  readonly status: string;
  readonly mountinfo: string;
  readonly ownCgroups: string;
  readonly controllers: string;
}

function failure(syscall: string, errno: number): Error {
  return Object.assign(new Error(`${syscall}: rehearsed`), { syscall, errno });
}

const RECORDS_AT = 32;
const RECORD_SIZE = 96;
const PARENT = 2;
const MESSAGE_SIZE = 256;

/**
 * What init and the launcher would say: that init exists, that it has come to the parent's next steps, and at last
 * nothing more.
 */
class Init {
  readonly #view: DataView;
  readonly #count: number;
  readonly #words: Uint8Array[] = [];

  constructor(plan: Uint8Array, pid: number) {
    this.#view = new DataView(plan.buffer, plan.byteOffset, plan.byteLength);
    this.#count = this.#view.getUint32(16, true);
    const born = this.#find(LAYOUT.cloneInit.op);
    if (born < 0) return;
    this.#words.push(message("cloned", born, pid));
    this.#walkFrom(born + 1, false);
  }

  /** Whether it ends up waiting for `start`. */
  get waits(): boolean {
    return this.#find(LAYOUT.awaitStart.op) >= 0;
  }

  go(step: Uint8Array): void {
    this.#walkFrom(new DataView(step.buffer, step.byteOffset).getUint32(0, true), true);
  }

  say(): Uint8Array {
    return this.#words.shift() ?? new Uint8Array();
  }

  /** To the parent's next steps. Init does not speak where it starts at some (`spoken` false). */
  #walkFrom(step: number, spoken: boolean): void {
    let next = step;
    while (next < this.#count && this.#view.getUint8(RECORDS_AT + next * RECORD_SIZE + 2) !== PARENT) next += 1;
    if (next < this.#count && (spoken || next > step)) this.#words.push(message("reached", next, 0));
  }

  #find(op: number): number {
    for (let step = 0; step < this.#count; step++) {
      if (this.#view.getUint16(RECORDS_AT + step * RECORD_SIZE, true) === op) return step;
    }
    return -1;
  }
}

function message(report: (typeof REPORTS)[number], step: number, value: number): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REPORTS.indexOf(report), true);
  view.setUint32(4, step, true);
  view.setBigUint64(16, BigInt(value), true);
  return bytes;
}

const NONE = new Uint8Array();

/** Calls that are replaced on the stage, made in a way in which they fail at once: their own memory is used too. */
const IN_VAIN: readonly ((host: Port) => unknown)[] = [
  (host) => host.open("", 0),
  (host) => host.readFile("", 0),
  (host) => host.openDirectory(""),
  (host) => host.stat(""),
  (host) => host.lstat(""),
  (host) => host.readdir(""),
  (host) => host.writeFile("", "", 0),
  (host) => host.mkdir("", 0),
  (host) => host.rmdir(""),
  (host) => host.unlink(""),
  (host) => host.rename("", ""),
  (host) => host.chown("", -1, -1),
  (host) => host.write(-1, ""),
  (host) => host.send(-1, NONE),
  (host) => host.receive(-1, 0),
  (host) => host.kill(0, 0),
  (host) => host.pidfdSendSignal(-1, 0),
  (host) => host.waitPidfd(-1),
  (host) => host.prlimit(-1, -1, 0n, 0n),
  (host) => host.signalfd([0]),
  (host) => host.readSignal(-1),
  (host) => host.launch({ plan: NONE, fds: [], preserve: -1, namespaces: 0, cgroup: -1, launcher: false }),
];

async function callInVain(host: Port): Promise<void> {
  for (const call of IN_VAIN) {
    try {
      call(host);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
  await host.sleep(0);
  await host.wait(host.openDirectory("/"), "read", 0);
}

/** The port of such a host. `host` does what is harmless; all real writing happens below `folder`. */
export async function stage(host: Port, folder: string, scenery: Scenery): Promise<Port> {
  await callInVain(host);
  const nothing = (): void => undefined;
  const faked = (path: string): boolean => path.startsWith(CGROUPS);
  const within = <Rest extends unknown[], Result>(call: (path: string, ...rest: Rest) => Result, otherwise: Result) => {
    return (path: string, ...rest: Rest): Result => (path.startsWith(folder) ? call(path, ...rest) : otherwise);
  };
  const said: Readonly<Record<string, string>> = {
    "/proc/self/status": scenery.status,
    "/proc/self/mountinfo": scenery.mountinfo,
    "/proc/self/cgroup": scenery.ownCgroups,
    [`${CGROUPS}/cgroup.controllers`]: scenery.controllers,
  };
  let init: Init | undefined;
  let alive = true;
  let waiting = false;
  let waker = -1;

  function open(path: string, flags: number, mode?: number): number {
    if (faked(path)) return host.open("/dev/null", O_RDWR);
    if (!path.endsWith("/exec.fifo") || flags === O_RDWR) return host.open(path, flags, mode);
    if (!waiting) throw failure("open", ENXIO);
    waker = host.open("/dev/null", O_RDWR);
    return waker;
  }

  function readFile(path: string, max: number): string {
    if (path.endsWith("/stat") && !alive) throw failure("open", ESRCH);
    return said[path] ?? (faked(path) ? "" : host.readFile(path, max));
  }

  function launch({ plan }: LaunchOptions) {
    const pid = host.getpid();
    init = new Init(plan, pid);
    alive = true;
    if (init.waits) waiting = true;
    return { pid, pidfd: host.pidfdOpen(pid), channel: host.open("/dev/null", O_RDWR) };
  }

  return {
    ...host,
    geteuid: () => 0,
    getegid: () => 0,
    open,
    readFile,
    launch,
    send: (_, data) => init?.go(data),
    receive: () => init?.say() ?? null,
    wait: async () => true,
    sleep: async () => undefined,
    waitPidfd: () => ({ exited: 0, signal: null }),
    pidfdSendSignal() {
      alive = false;
      waiting = false;
    },
    write(fd, data) {
      if (fd === waker) waiting = false;
      return fd <= STDERR ? data.length : host.write(fd, data);
    },
    openDirectory: (path) => host.openDirectory(faked(path) ? "/" : path),
    lstat: (path) => host.lstat(faked(path) ? "/" : path),
    stat: (path) => host.stat(faked(path) ? "/" : path),
    readdir: (path) => (faked(path) ? [] : host.readdir(path)),
    writeFile: within(host.writeFile, undefined),
    mkdir: within(host.mkdir, undefined),
    rmdir: within(host.rmdir, undefined),
    unlink: within(host.unlink, undefined),
    rename: within(host.rename, undefined),
    chown: nothing,
    kill: nothing,
    prlimit: nothing,
    setScheduler: nothing,
    setIoPriority: nothing,
    attachDevices: nothing,
    setSubreaper: nothing,
    signalfd: () => host.open("/dev/null", O_RDWR),
    readSignal: () => 0,
  };
}
