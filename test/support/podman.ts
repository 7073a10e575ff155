/** podman and buildah with the runtime under test, in a session of their own. */
import { type CommandOptions, type Outcome, succeeded } from "../../bundles/command.ts";
import { ClientSession } from "./client-session.ts";
import { atTerminal, type CgroupFile, cgroupText, haveSysResource, program } from "./clients.ts";
import { TSRUN } from "./paths.ts";

export const PODMAN_NEEDS = { podman: "podman", conmon: "conmon" };

/** containers.conf: podman's own default limits ask for CAP_SYS_RESOURCE. */
function settings(): string {
  const lines = ["[containers]"];
  if (!haveSysResource()) lines.push('default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]');
  lines.push("[engine]", `conmon_path = ["${program("conmon")}"]`, 'runtime_supports_json = ["tsrun", "runc", "crun"]');
  return `${lines.join("\n")}\n`;
}

const POLICY = '{ "default": [{ "type": "insecureAcceptAnything" }] }';

/** podman with its storage in the session's folder and the image `box` (busybox). There is no daemon. */
export class Podman {
  readonly session: ClientSession;
  readonly #command: readonly string[];

  private constructor(session: ClientSession) {
    this.session = session;
    this.#command = [
      "env",
      `CONTAINERS_CONF=${session.file("containers.conf", settings())}`,
      program("podman") ?? "podman",
      ...["--root", session.file("podman"), "--runroot", session.file("podman-run")],
      ...["--tmpdir", session.file("podman-tmp"), "--storage-driver", "vfs"],
      ...["--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", TSRUN],
    ];
  }

  /** Opens a session and imports the image. */
  static async open(): Promise<Podman> {
    const session = await ClientSession.open();
    try {
      const podman = new Podman(session);
      await session.sh(`mkdir -p /etc/containers && echo '${POLICY}' > /etc/containers/policy.json`);
      await podman.ok(["import", await session.rootfsTar(), "box"]);
      return podman;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** `podman` with its flags, for a shell script in the session. */
  get shell(): string {
    return this.#command.join(" ");
  }

  /** Runs `podman ARGS`. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.session.exec([...this.#command, ...args], options);
  }

  /** Runs `podman ARGS`, which must succeed; its stdout, trimmed. */
  async ok(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return succeeded(await this.run(args, options)).stdout.trim();
  }

  /** The flags of a container that belongs to the session and has no network. */
  get own(): readonly string[] {
    return ["--cgroup-parent", `/${this.session.name}`, "--net", "none"];
  }

  /** Runs `podman run` with these flags, image and command. */
  box(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.run(["run", "--rm", ...this.own, ...args], options);
  }

  /** Runs a shell script in a container of its own without a network, removed at its end; its stdout, trimmed. */
  async sh(script: string, ...flags: string[]): Promise<string> {
    return succeeded(await this.box([...flags, "box", "sh", "-c", script])).stdout.trim();
  }

  /** Starts a container in the background and returns its id. */
  start(name: string, command: readonly string[] = ["sleep", "1000"], ...flags: string[]): Promise<string> {
    return this.ok(["run", "-d", ...this.own, "--name", name, ...flags, "box", ...command]);
  }

  /** Runs `podman ARGS` at a terminal of 31 rows and 77 columns. */
  terminal(args: readonly string[]): Promise<Outcome> {
    return atTerminal(this.session, [...this.#command, ...args]);
  }

  /** A field of `podman inspect`, as JSON has it. */
  async inspect(name: string, field: string): Promise<unknown> {
    return JSON.parse(await this.ok(["inspect", "--format", `{{json .${field}}}`, name]));
  }

  /** A value of the container's cgroup. */
  cgroup(id: string, file: CgroupFile): string {
    return cgroupText(file, this.session.name, `libpod-${id}`);
  }

  /** What there still is of containers: their cgroups, their monitors, their mounts. */
  async remains(): Promise<string[]> {
    return [
      ...(await this.session.cgroups()).filter((path) => path.includes("/libpod-")),
      ...(await this.session.processes("conmon ")),
      ...(await this.session.mounts("/podman/vfs-containers")),
    ];
  }
}
