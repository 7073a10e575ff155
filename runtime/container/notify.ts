/** The proxy between a program that says READY=1 and the service manager that waits for it (sd_notify(3)). */
import { port } from "../host/port.ts";
import { O_PATH, openFlags, S_IFMT, S_IFSOCK } from "../linux/flags.ts";
import { isAlive } from "../state/process.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { NOTIFY_NAME, notifyFolder } from "./service.ts";

const LARGEST_NOTICE = 65_536;
/** How often a silent program is looked after. */
const WATCH_US = 100_000;
/** How long the service manager may take to acknowledge. */
const BARRIER_US = 30_000_000;

export interface NotifyProxy {
  /**
   * Passes the program's READY on, then its pid as seen from here (MAINPID), and waits until the service manager has
   * taken both (BARRIER). Resolves then, or when the container has ended.
   */
  relay(): Promise<void>;
  close(): void;
}

/**
 * Opens the socket that a container was told of at create, to be called before it is started: a program may be ready at
 * once. `host` is the service manager's socket (NOTIFY_SOCKET; a leading @ is an abstract one). Undefined when create
 * was not told of one. Throws SystemError.
 */
export function openNotifyProxy(context: Context, id: string, host: string): NotifyProxy | undefined {
  const store = new ContainerStore(context.root, id);
  if (!store.hasNotify()) return undefined;
  const folder = port().openDirectory(notifyFolder(store.folder));
  try {
    // The name of a socket must be short, and this one's folder may be deep.
    const path = `/proc/self/fd/${folder}/${NOTIFY_NAME}`;
    const socket = port().datagramSocket(path, "");
    try {
      openToAll(path);
    } catch (error) {
      port().close(socket);
      throw error;
    }
    return proxy(store, socket, host);
  } finally {
    port().close(folder);
  }
}

/** Whoever the program runs as may write to it. What is there is looked at first: the container sees the folder. */
function openToAll(path: string): void {
  const fd = port().open(path, O_PATH | noFollow());
  try {
    if ((port().fstat(fd).mode & S_IFMT) === S_IFSOCK) port().chmod(`/proc/self/fd/${fd}`, 0o777);
  } finally {
    port().close(fd);
  }
}

function noFollow(): number {
  return openFlags(port().uname().machine)?.O_NOFOLLOW ?? 0;
}

function proxy(store: ContainerStore, socket: number, host: string): NotifyProxy {
  return {
    relay: async () => {
      const { pid, startTime } = store.require();
      for (;;) {
        if (await port().wait(socket, "read", port().monotonic() + WATCH_US)) {
          const ready = readyOf(port().receive(socket, LARGEST_NOTICE));
          if (ready !== undefined) return await tell(host, ready, pid);
        } else if (!isAlive(pid, startTime)) return;
      }
    },
    close: () => port().close(socket),
  };
}

/** The line of a notice that begins with READY=, if there is one. */
function readyOf(notice: Uint8Array | null): string | undefined {
  const lines = port()
    .decode(notice ?? new Uint8Array(0))
    .split("\n");
  return lines.find((line) => line.startsWith("READY="));
}

async function tell(host: string, ready: string, pid: number): Promise<void> {
  const manager = port().datagramSocket("", host);
  try {
    for (const line of [ready, `MAINPID=${pid}`]) await send(manager, `${line}\n`);
    await barrier(manager);
  } finally {
    port().close(manager);
  }
}

async function send(socket: number, text: string): Promise<void> {
  await port().wait(socket, "write", port().monotonic() + BARRIER_US);
  port().send(socket, port().encode(text));
}

/** The manager closes the descriptor that comes with BARRIER=1 when it has read all that came before. */
async function barrier(manager: number): Promise<void> {
  const [read, write] = port().socketPair();
  try {
    try {
      port().sendDescriptor(manager, write, port().encode("BARRIER=1"));
    } finally {
      port().close(write);
    }
    await port().wait(read, "read", port().monotonic() + BARRIER_US);
  } finally {
    port().close(read);
  }
}
