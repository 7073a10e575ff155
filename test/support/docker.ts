/** dockerd with the runtime under test as its default, in a session of its own. */
import { type CommandOptions, type Outcome, succeeded } from "../../bundles/command.ts";
import { ClientSession, type Daemon } from "./client-session.ts";
import { atTerminal, type CgroupFile, cgroupText, program } from "./clients.ts";
import { TSRUN } from "./paths.ts";

export const DOCKER_NEEDS = {
  dockerd: "docker.io",
  docker: "docker.io",
  containerd: "containerd",
  "containerd-shim-runc-v2": "containerd",
};

/** The settings of daemon.json: everything in the session's folder, containers in cgroups of the session's name. */
function settings(session: ClientSession): string {
  return JSON.stringify({
    "data-root": session.file("docker"),
    "exec-root": session.file("docker-exec"),
    pidfile: session.file("docker.pid"),
    hosts: [`unix://${session.file("docker.sock")}`],
    "storage-driver": "vfs",
    iptables: false,
    "ip-masq": false,
    runtimes: { "under-test": { path: TSRUN } },
    "default-runtime": "under-test",
    "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "cgroup-parent": `/${session.name}`,
  });
}

/** A running dockerd with the image `box` (busybox). */
export class Docker {
  readonly session: ClientSession;
  readonly daemon: Daemon;
  readonly #command: readonly string[];

  private constructor(session: ClientSession, daemon: Daemon, command: readonly string[]) {
    this.session = session;
    this.daemon = daemon;
    this.#command = command;
  }

  /** Starts dockerd and imports the image. */
  static async open(): Promise<Docker> {
    const session = await ClientSession.open();
    try {
      const command = [program("docker") ?? "docker", "--host", `unix://${session.file("docker.sock")}`];
      const config = session.file("daemon.json", settings(session));
      const daemon = await session.daemon(
        "dockerd",
        [program("dockerd") ?? "dockerd", "--config-file", config],
        [...command, "version"],
      );
      const docker = new Docker(session, daemon, command);
      await docker.ok(["import", await session.rootfsTar(), "box"]);
      return docker;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Runs `docker ARGS`. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.session.exec([...this.#command, ...args], options);
  }

  /** Runs `docker ARGS`, which must succeed; its stdout, trimmed. */
  async ok(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return succeeded(await this.run(args, options)).stdout.trim();
  }

  /** Runs a shell script in a container of its own without a network, removed at its end; its stdout, trimmed. */
  sh(script: string, ...flags: string[]): Promise<string> {
    return this.ok(["run", "--rm", "--net", "none", ...flags, "box", "sh", "-c", script]);
  }

  /** Starts a container in the background and returns its id. */
  start(name: string, command: readonly string[] = ["sleep", "1000"], ...flags: string[]): Promise<string> {
    return this.ok(["run", "-d", "--net", "none", "--name", name, ...flags, "box", ...command]);
  }

  /** `docker` with its host, for a shell script in the session. */
  get shell(): string {
    return this.#command.join(" ");
  }

  /** Runs `docker ARGS` at a terminal of 31 rows and 77 columns. */
  terminal(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return atTerminal(this.session, [...this.#command, ...args], options);
  }

  /** What there still is of containers: their cgroups, their shims, their mounts, the runtime's state. */
  async remains(): Promise<string[]> {
    const states = await this.session.sh(
      `find ${this.session.file("docker-exec")}/runtime* -mindepth 2 -type d || true`,
    );
    return [
      ...(await this.session.cgroups()),
      ...(await this.session.processes("containerd-shim")),
      ...(await this.session.mounts("/docker/vfs")),
      ...(await this.session.mounts("/shm")).filter((point) => point !== "/dev/shm"),
      ...states.split("\n").filter((line) => line !== ""),
    ];
  }

  /** A field of `docker inspect`, as JSON has it. */
  async inspect(name: string, field: string): Promise<unknown> {
    return JSON.parse(await this.ok(["inspect", "--format", `{{json .${field}}}`, name]));
  }

  /** A value of the container's cgroup. */
  cgroup(id: string, file: CgroupFile): string {
    return cgroupText(file, this.session.name, id);
  }
}
