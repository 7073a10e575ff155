/** containerd with its stock shim and the runtime under test, in a session of their own. */

import { busyboxRootfs } from "../../bundles/busybox.ts";
import { type CommandOptions, type Outcome, output, succeeded, until } from "../../bundles/command.ts";
import { ClientSession, type Daemon } from "./client-session.ts";
import { atTerminal, type CgroupFile, cgroupText, program } from "./clients.ts";
import { TSRUN } from "./paths.ts";

export const CTR_NEEDS = {
  containerd: "containerd",
  ctr: "containerd",
  "containerd-shim-runc-v2": "containerd",
  umoci: "umoci",
};

const DISABLED = ["grpc.v1.cri", "snapshotter.v1.btrfs", "snapshotter.v1.zfs", "snapshotter.v1.devmapper"].concat(
  "snapshotter.v1.aufs",
);

function settings(session: ClientSession): string {
  return [
    "version = 2",
    `root = "${session.file("containerd")}"`,
    `state = "${session.file("containerd-run")}"`,
    `disabled_plugins = [${DISABLED.map((name) => `"io.containerd.${name}"`).join(", ")}]`,
    `[grpc]\naddress = "${session.file("containerd.sock")}"`,
    `[ttrpc]\naddress = "${session.file("containerd.ttrpc")}"`,
  ].join("\n");
}

/** Flags of `ctr run` with the shim of runc and the runtime under test. */
const RUNNER = ["--runtime", "io.containerd.runc.v2", "--runc-binary", TSRUN, "--snapshotter", "native"];

const IMAGE = "docker.io/library/box:v1";

/** A running containerd with the image `box` (busybox); its namespace, and so its cgroups, bear the session's name. */
export class Ctr {
  readonly session: ClientSession;
  #daemon: Daemon | undefined;
  readonly #command: readonly string[];
  #count = 0;

  private constructor(session: ClientSession) {
    this.session = session;
    this.#command = [
      program("ctr") ?? "ctr",
      ...["--address", session.file("containerd.sock"), "--namespace", session.name],
    ];
    session.file("containerd.toml", settings(session));
  }

  /** Starts containerd and imports the image. */
  static async open(): Promise<Ctr> {
    const session = await ClientSession.open();
    try {
      const ctr = new Ctr(session);
      await ctr.startDaemon();
      await ctr.#image();
      return ctr;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async startDaemon(): Promise<void> {
    const command = [program("containerd") ?? "containerd", "--config", this.session.file("containerd.toml")];
    this.#daemon = await this.session.daemon("containerd", command, [...this.#command, "version"]);
  }

  /** Ends containerd with this signal; the shims stay. */
  async stopDaemon(signal: string): Promise<void> {
    await this.#daemon?.stop(signal);
  }

  async #image(): Promise<void> {
    const oci = this.session.file("oci");
    const image = `${oci}:v1`;
    await output("umoci", ["init", "--layout", oci]);
    await output("umoci", ["new", "--image", image]);
    await output("umoci", ["insert", "--image", image, await busyboxRootfs(), "/"]);
    await output("umoci", ["config", "--image", image, "--config.cmd", "/bin/true"]);
    await output("tar", ["-C", oci, "-cf", `${oci}.tar`, "."]);
    await this.ok(["image", "import", "--base-name", IMAGE.split(":")[0] ?? "", `${oci}.tar`]);
  }

  /** `ctr` with its flags, for a shell script in the session. */
  get shell(): string {
    return this.#command.join(" ");
  }

  /** A name for the next container or process. */
  unique(): string {
    this.#count += 1;
    return `c${this.#count}`;
  }

  /** Runs `ctr ARGS`. ctr hands SIGTERM on to the task, so that only SIGKILL ends it for sure. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.session.exec([...this.#command, ...args], options);
  }

  /** Runs `ctr ARGS`, which must succeed; its stdout, trimmed. */
  async ok(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return succeeded(await this.run(args, options)).stdout.trim();
  }

  /** Runs a command in a container of its own, removed at its end. */
  box(command: readonly string[], flags: readonly string[] = [], options: CommandOptions = {}): Promise<Outcome> {
    return this.run(["run", "--rm", ...RUNNER, ...flags, IMAGE, this.unique(), ...command], options);
  }

  /** Starts a container in the background and returns its name. */
  async start(command: readonly string[] = ["sleep", "1000"], ...flags: string[]): Promise<string> {
    const name = this.unique();
    await this.ok(["run", "-d", ...RUNNER, ...flags, IMAGE, name, ...command]);
    return name;
  }

  /** Runs a command in a running container. */
  exec(name: string, command: readonly string[], flags: readonly string[] = [], options: CommandOptions = {}) {
    return this.run(["task", "exec", "--exec-id", this.unique(), ...flags, name, ...command], options);
  }

  /** Runs `ctr ARGS` at a terminal of 31 rows and 77 columns. */
  terminal(args: readonly string[]): Promise<Outcome> {
    return atTerminal(this.session, [...this.#command, ...args]);
  }

  /** The flags and the image of `ctr run`, for `terminal`. */
  get runner(): readonly string[] {
    return [...RUNNER, IMAGE];
  }

  /** What `ctr task ls` says of a container: RUNNING, STOPPED, PAUSED; undefined when it has no task. */
  async status(name: string): Promise<string | undefined> {
    const lines = (await this.ok(["task", "ls"])).split("\n").map((line) => line.trim().split(/\s+/));
    return lines.find(([first]) => first === name)?.[2];
  }

  /** The pid of a container's first process, in the session. */
  async pid(name: string): Promise<string> {
    const lines = (await this.ok(["task", "ls"])).split("\n").map((line) => line.trim().split(/\s+/));
    return lines.find(([first]) => first === name)?.[1] ?? "";
  }

  /** Waits until a container's task is in this state. */
  async reaches(name: string, wanted: string | undefined): Promise<void> {
    await until(`${name} ${wanted ?? "without a task"}`, async () =>
      (await this.status(name)) === wanted ? true : undefined,
    );
  }

  /** Ends and removes a container. */
  async remove(name: string): Promise<void> {
    await this.run(["task", "delete", "--force", name]);
    await this.ok(["container", "delete", name]);
  }

  /** A value of the container's cgroup. */
  cgroup(name: string, file: CgroupFile): string {
    return cgroupText(file, this.session.name, name);
  }

  /** What there still is of containers: their cgroups, their shims, their mounts, the runtime's state. */
  async remains(): Promise<string[]> {
    const states = await this.session.sh("find /run/containerd/runc -mindepth 2 -type d 2> /dev/null || true");
    return [
      ...(await this.session.cgroups()),
      ...(await this.session.processes("containerd-shim")),
      ...(await this.session.mounts("/containerd-run/io.containerd.runtime.v2.task")),
      ...states.split("\n").filter((line) => line !== ""),
    ];
  }
}
