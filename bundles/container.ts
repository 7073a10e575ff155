import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CommandOptions, type Outcome, succeeded, until } from "./command.ts";
import type { Config } from "./config.ts";

/** Who carries out the commands: see `Session`. */
interface Caller {
  call(args: readonly string[], options?: CommandOptions): Promise<Outcome>;
}

/** What `state ID` prints; more keys may be there. */
export interface State {
  ociVersion: string;
  id: string;
  pid: number;
  status: string;
  bundle: string;
  annotations?: Record<string, string>;
}

/** One container of a session. Commands resolve to their outcome; they never throw for an exit code. */
export class Container {
  readonly id: string;
  readonly bundle: string;
  /** The config as written to config.json: what it says now changes nothing. */
  readonly config: Config;
  readonly #caller: Caller;
  readonly #globals: readonly string[];

  constructor(caller: Caller, id: string, bundle: string, config: Config, globals: readonly string[]) {
    this.#caller = caller;
    this.id = id;
    this.bundle = bundle;
    this.config = config;
    this.#globals = globals;
  }

  #call(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.#caller.call([...this.#globals, ...args], options);
  }

  get #files(): { stdout: string; stderr: string } {
    return { stdout: join(this.bundle, "stdout"), stderr: join(this.bundle, "stderr") };
  }

  /** Output of the process goes to files of the bundle: see `printed`. */
  create(flags: readonly string[] = [], options: CommandOptions = {}): Promise<Outcome> {
    return this.#detached(["create", "--bundle", this.bundle, ...flags, this.id], options);
  }

  async #detached(args: readonly string[], options: CommandOptions): Promise<Outcome> {
    const before = (await this.printed("stderr")).length;
    const outcome = await this.#call(args, { outputTo: this.#files, ...options });
    const stderr = (await this.printed("stderr")).slice(before);
    return { ...outcome, stderr };
  }

  /** What the container's process wrote so far, when its output went to files. */
  printed(stream: "stdout" | "stderr" = "stdout"): Promise<string> {
    return readFile(this.#files[stream], "utf8").catch(() => "");
  }

  start(): Promise<Outcome> {
    return this.#call(["start", this.id]);
  }

  run(flags: readonly string[] = [], options: CommandOptions = {}): Promise<Outcome> {
    return this.#call(["run", "--bundle", this.bundle, ...flags, this.id], options);
  }

  /** `run --detach`, output to files. */
  detach(flags: readonly string[] = [], options: CommandOptions = {}): Promise<Outcome> {
    return this.#detached(["run", "--detach", "--bundle", this.bundle, ...flags, this.id], options);
  }

  exec(args: readonly string[], flags: readonly string[] = [], options: CommandOptions = {}): Promise<Outcome> {
    return this.#call(["exec", ...flags, this.id, ...args], options);
  }

  kill(signal = "TERM", flags: readonly string[] = []): Promise<Outcome> {
    return this.#call(["kill", ...flags, this.id, signal]);
  }

  delete(flags: readonly string[] = []): Promise<Outcome> {
    return this.#call(["delete", ...flags, this.id]);
  }

  stateOutcome(): Promise<Outcome> {
    return this.#call(["state", this.id]);
  }

  /** The parsed answer of `state`; throws when the command fails. */
  async state(): Promise<State> {
    return JSON.parse(succeeded(await this.stateOutcome()).stdout) as State;
  }

  /** Waits until `state` says so. */
  async reaches(status: string): Promise<State> {
    return until(`${this.id} ${status}`, async () => {
      const state = await this.state();
      return state.status === status ? state : undefined;
    });
  }

  /** Waits until the process has written `text`. */
  async says(text: string): Promise<string> {
    return until(`"${text}" of ${this.id}`, async () => {
      const printed = await this.printed();
      return printed.includes(text) ? printed : undefined;
    });
  }

  /** create, then start: both must succeed. */
  async launch(flags: readonly string[] = []): Promise<State> {
    succeeded(await this.create(flags));
    succeeded(await this.start());
    return this.state();
  }

  /** Folder of this container's cgroup in a v1 hierarchy, or undefined when it is not there. */
  cgroup(controller: string): string | undefined {
    const path = `/sys/fs/cgroup/${controller}${this.config.linux.cgroupsPath ?? ""}`;
    return existsSync(path) ? path : undefined;
  }
}
