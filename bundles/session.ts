import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { busyboxRootfs } from "./busybox.ts";
import { type CommandOptions, type Outcome, output, run } from "./command.ts";
import { type Config, template, toJson } from "./config.ts";
import { Container } from "./container.ts";
import { RUNTIME } from "./places.ts";
import { leftovers, removeCgroups } from "./remains.ts";
import { type Needs, runtimeKind, type Surroundings, surroundings } from "./runtimes.ts";

export interface ContainerOptions {
  /** `shared` (the default) is the cached rootfs, not to be written; `own` is a copy; else a path. */
  readonly rootfs?: string | undefined;
  readonly id?: string | undefined;
  /** Global flags before the command, after `--root`. */
  readonly globals?: readonly string[] | undefined;
  /** The whole text of config.json, in place of template and change. */
  readonly text?: string | undefined;
}

export type Change = (config: Config, container: { readonly bundle: string; readonly id: string }) => void;

/**
 * A folder of bundles and one state root for one runtime. Whatever is made through it is gone after `close`:
 * containers, processes, mounts, cgroups, files. Everything it makes bears `name`.
 */
export class Session {
  readonly kind: string;
  readonly name: string;
  readonly dir: string;
  readonly root: string;
  readonly #runtime: string;
  readonly #around: Surroundings;
  readonly #containers: Container[] = [];
  readonly #undo: (() => unknown)[] = [];
  #count = 0;

  private constructor(runtime: string, kind: string, dir: string, around: Surroundings) {
    this.#runtime = runtime;
    this.kind = kind;
    this.dir = dir;
    this.name = basename(dir);
    this.root = join(dir, "state");
    this.#around = around;
  }

  /**
   * Opens a session of the runtime at `runtime` (TSRUN, or dist/tsrun, when not given).
   * `needs` says, given the session's folder, what must be there around the runtime.
   */
  static async open(runtime: string = RUNTIME, needs: (dir: string) => Needs = () => ({})): Promise<Session> {
    const kind = runtimeKind(runtime);
    const dir = await mkdtemp(join(tmpdir(), `tsrun-${process.pid}-`));
    await chmod(dir, 0o755);
    await mkdir(join(dir, "bundles"), { mode: 0o755 });
    return new Session(runtime, kind, dir, await surroundings(kind, needs(dir)));
  }

  /** A name that nothing else bears. */
  unique(): string {
    this.#count += 1;
    return `${this.name}-${this.#count}-${randomBytes(2).toString("hex")}`;
  }

  /** Runs `undo` when the session closes, last registered first. */
  defer(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** The whole command line, program first, that calls the runtime with `--root` and these arguments. */
  argv(args: readonly string[]): string[] {
    return [...this.#around.prefix, this.#runtime, "--root", this.root, ...args];
  }

  /** Calls the runtime with `--root` and these arguments. */
  call(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    const [file = this.#runtime, ...rest] = this.argv(args);
    return run(file, rest, options);
  }

  /** Makes a bundle from the template and `change`. Nothing is run yet. */
  async container(change: Change = () => undefined, options: ContainerOptions = {}): Promise<Container> {
    const name = this.unique();
    const id = options.id ?? name;
    const bundle = join(this.dir, "bundles", name);
    await mkdir(bundle, { recursive: true, mode: 0o755 });
    const config = template();
    config.linux.cgroupsPath = `/${name}`;
    config.root.path = await this.#rootfs(bundle, options.rootfs ?? "shared");
    change(config, { bundle, id });
    await writeFile(join(bundle, "config.json"), options.text ?? toJson(config));
    const container = new Container(this, id, bundle, config, options.globals ?? []);
    this.#containers.push(container);
    return container;
  }

  async #rootfs(bundle: string, choice: string): Promise<string> {
    if (choice !== "shared" && choice !== "own") return choice;
    const shared = await busyboxRootfs();
    if (choice === "shared") return shared;
    await output("cp", ["-a", shared, join(bundle, "rootfs")]);
    return "rootfs";
  }

  /** Makes a bundle, runs it to its end with pipes for output, and removes it again. */
  async run(change: Change = () => undefined, options: ContainerOptions & CommandOptions = {}): Promise<Outcome> {
    const container = await this.container(change, options);
    try {
      return await container.run([], options);
    } finally {
      await this.remove(container);
    }
  }

  /** Deletes a container by force and removes its bundle. */
  async remove(container: Container): Promise<void> {
    const index = this.#containers.indexOf(container);
    if (index >= 0) this.#containers.splice(index, 1);
    await container.delete(["--force"]);
    await rm(container.bundle, { recursive: true, force: true });
  }

  /** Removes everything and returns what could not be, or should not have been, left behind: one line each. */
  async close(): Promise<string[]> {
    for (const container of [...this.#containers].reverse()) await this.remove(container);
    const found = await this.#states();
    for (const undo of this.#undo.reverse()) await undo();
    this.#around.close();
    found.push(...(await leftovers(this.name)));
    await removeCgroups(this.name);
    await rm(this.dir, { recursive: true, force: true });
    return found;
  }

  async #states(): Promise<string[]> {
    const entries = await readdir(this.root).catch(() => []);
    return entries.filter((entry) => !entry.startsWith(".")).map((entry) => `state: ${entry}`);
  }
}
