/** A place of its own for the daemons and commands of one client: see ClientSession. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { busyboxRootfs } from "../../bundles/busybox.ts";
import { type CommandOptions, type Outcome, output, PLAIN_ENV, run, succeeded, until } from "../../bundles/command.ts";
import { leftovers, removeCgroups } from "../../bundles/remains.ts";
import { mountAsV1 } from "../../bundles/runtimes.ts";
import { CGROUP_ROOT, haveV1 } from "./cgroup.ts";

/** What daemons write to outside their own folders: covered by overlays, so that the host keeps its own. */
const WRITTEN = ["/etc", "/opt", "/var/lib"];

const NAMESPACES = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/**
 * The v1 controllers that processes are in though no hierarchy of theirs is mounted. containerd's shims then find no
 * cgroup at all, whatever the runtime: no statistics, no OOM events.
 */
function unmounted(): string[] {
  const lines = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  const names = lines.map((line) => line.split(":")[1] ?? "").filter((name) => /^\w+(,\w+)*$/.test(name));
  return names.filter((name) => !existsSync(join(CGROUP_ROOT, name)));
}

/** A shell line that removes the cgroups of this name, as far as they are empty within five seconds. */
function emptyCgroups(name: string): string {
  const find = `find ${CGROUP_ROOT} -maxdepth 2 -type d -name '${name}*'`;
  const empty = `for top in $(${find}); do find $top -depth -type d -exec rmdir {} + 2> /dev/null; done`;
  return `for try in $(seq 50); do ${empty}; [ -z "$(${find})" ] && break; sleep 0.1; done`;
}

/** Shell lines of the namespaces' first process, which reaps orphans until its standard input ends. */
function life(name: string, writes: string): string[] {
  const overlays = WRITTEN.flatMap((folder) => {
    const own = join(writes, folder.replaceAll("/", "_"));
    const options = `lowerdir=${folder},upperdir=${own}/upper,workdir=${own}/work`;
    return [`mkdir -p ${own}/upper ${own}/work`, `mount -t overlay -o ${options} overlay ${folder}`];
  });
  return [
    "set -e",
    "ip link set lo up",
    `mkdir -p ${writes}`,
    `mount -t tmpfs tmpfs ${writes}`,
    ...overlays,
    "mount -t tmpfs tmpfs /run",
    "mount -t tmpfs tmpfs /dev/shm",
    // podman makes folders in a tmpfs of cgroup hierarchies: let it be a copy of the host's.
    ...(haveV1 ? mountAsV1(unmounted()) : []),
    "echo ready",
    "while read -r line; do :; done",
    // Everything but this process itself; then the cgroups, of which some are mounted in here only.
    "set +e",
    "kill -KILL -1",
    emptyCgroups(name),
  ];
}

/** A process started in a session, known by its pid in there. */
export interface Daemon {
  readonly pid: string;
  /** What it has printed so far. */
  log(): string;
  /** Sends SIGTERM, or another signal, and waits for the end. */
  stop(signal?: string): Promise<void>;
}

/**
 * Private mount, network and pid namespaces with a folder of their own, in which a client's daemons and commands run.
 * All of it ends with this process, or with `close`. Cgroups are the host's: everything made there must bear `name`.
 */
export class ClientSession {
  readonly name: string;
  readonly dir: string;
  readonly #holder: ChildProcess;

  private constructor(dir: string, holder: ChildProcess) {
    this.dir = dir;
    this.name = basename(dir);
    this.#holder = holder;
  }

  /** Opens a session; throws with the shell's own words when the namespaces can't be made. */
  static async open(): Promise<ClientSession> {
    const dir = await mkdtemp(join(tmpdir(), `tsrun-client-${process.pid}-`));
    await chmod(dir, 0o755);
    await mkdir(join(dir, "files"));
    const script = life(basename(dir), join(dir, "writes")).join("\n");
    const holder = spawn("unshare", [...NAMESPACES, "bash", "-c", script], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...PLAIN_ENV },
    });
    let told = "";
    for (const stream of [holder.stdout, holder.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        told += chunk.toString();
      });
    }
    const session = new ClientSession(dir, holder);
    try {
      await until("namespaces for a client", () => {
        if (holder.exitCode !== null) throw new Error(`unshare ended with ${holder.exitCode}: ${told.trim()}`);
        return told.includes("ready\n") ? true : undefined;
      });
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  /** The path of a file of the session's folder; written when `text` is given. */
  file(name: string, text?: string): string {
    const path = join(this.dir, "files", name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  }

  /** A tar archive of the busybox root filesystem. */
  async rootfsTar(): Promise<string> {
    const tar = this.file("rootfs.tar");
    await output("tar", ["-C", await busyboxRootfs(), "-cf", tar, "."]);
    return tar;
  }

  #inside(command: readonly string[]): string[] {
    const ns = `/proc/${this.#holder.pid}/ns`;
    return [`--mount=${ns}/mnt`, `--net=${ns}/net`, `--pid=${ns}/pid_for_children`, "--", ...command];
  }

  /** Runs a command in the session to its end; 40 s when no `timeout` is given. */
  exec(command: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return run("nsenter", this.#inside(command), { timeout: 40_000, ...options });
  }

  /** Runs a shell script in the session that must succeed; its stdout, trimmed. */
  async sh(script: string, options: CommandOptions = {}): Promise<string> {
    return succeeded(await this.exec(["bash", "-c", script], options)).stdout.trim();
  }

  /** Starts a daemon in the session and waits until `ready` succeeds; throws with its last lines when it does not. */
  async daemon(name: string, command: readonly string[], ready: readonly string[], env = {}): Promise<Daemon> {
    const log = this.file(`${name}.log`);
    const pidFile = this.file(`${name}.pid`);
    await rm(pidFile, { force: true });
    const fd = openSync(log, "a");
    const launch = ["sh", "-c", `echo $$ > ${pidFile}; exec "$@"`, "sh", ...command];
    const child = spawn("nsenter", this.#inside(launch), {
      stdio: ["ignore", fd, fd],
      env: { ...PLAIN_ENV, ...env },
    });
    closeSync(fd);
    const printed = (): string => readFileSync(log, "utf8");
    await until(
      `${name}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${printed().slice(-1500)}`);
        return (await this.exec(ready)).code === 0 ? true : undefined;
      },
      30_000,
    );
    const pid = (await readFile(pidFile, "utf8")).trim();
    const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
    return {
      pid,
      log: printed,
      stop: async (signal = "TERM") => {
        await this.exec(["kill", `-${signal}`, pid]);
        await ended;
      },
    };
  }

  /** The processes in the session whose command line has `part`: `PID ARGUMENTS` each. */
  async processes(part: string): Promise<string[]> {
    const table = await this.sh("ps -eo pid=,args= --cols 1000");
    return table.split("\n").filter((line) => line.includes(part));
  }

  /** The cgroups in the session's own parent, on every hierarchy. */
  async cgroups(): Promise<string[]> {
    const found = await this.sh(`find ${CGROUP_ROOT} -type d -path '*/${this.name}/*' 2>/dev/null || true`);
    return found.split("\n").filter((line) => line !== "");
  }

  /** The mount points of the session whose path has `part`. */
  async mounts(part: string): Promise<string[]> {
    const table = await this.sh("cat /proc/self/mountinfo");
    return table.split("\n").flatMap((line) => {
      const point = line.split(" ")[4] ?? "";
      return point.includes(part) ? [point] : [];
    });
  }

  /** Ends everything in the session and removes its folder; what is left all the same, one line each. */
  async close(): Promise<string[]> {
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) {
      const ended = new Promise<void>((resolve) => this.#holder.once("exit", () => resolve()));
      this.#holder.stdin?.end();
      const patience = setTimeout(() => this.#holder.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(patience);
    }
    await removeCgroups(this.name);
    await rm(this.dir, { recursive: true, force: true });
    return leftovers(this.name);
  }
}
