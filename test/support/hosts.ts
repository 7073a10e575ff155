/** The same calls of tsrun on its two hosts, from the same place, compared byte for byte. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { PLAIN_ENV } from "../../bundles/command.ts";
import { ROOT } from "./paths.ts";

const dist = (name: string): string => join(ROOT, "dist", name);
const first = (...names: string[]): string | undefined => names.map(dist).find((path) => existsSync(path));

/** What runs the TypeScript on Node; TSRUN_NODE names another. */
export const NODE_HOST = process.env.TSRUN_NODE ?? first("tsrun-node") ?? dist("tsrun");

/** The native executable, or undefined where it is not built; TSRUN_NATIVE names another. */
export const NATIVE_HOST =
  process.env.TSRUN_NATIVE ?? first("tsrun-native") ?? (existsSync(dist("tsrun-node")) ? first("tsrun") : undefined);

/** How a call ended. Bytes are kept as they are: one character (U+0000-U+00FF) each. */
export interface Ended {
  readonly words: readonly string[];
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** One host in a folder of its own that has the same path for both, made anew before each. */
export class Host {
  readonly program: string;
  readonly dir: string;

  constructor(program: string, dir: string) {
    this.program = program;
    this.dir = dir;
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true, mode: 0o755 });
  }

  /** Calls tsrun with these words. */
  call(words: readonly string[], options: CallOptions = {}): Ended {
    return this.#spawn(this.program, words, words, options);
  }

  /** Calls tsrun with the folder's own state root. */
  tsrun(words: readonly string[], options: CallOptions = {}): Ended {
    return this.call(["--root", join(this.dir, "root"), ...words], options);
  }

  /** Runs a shell script, in which $TSRUN, only there, is the program; for what Node's spawn can't pass. */
  shell(script: string, options: CallOptions = {}): Ended {
    return this.#spawn("/bin/sh", ["-c", `TSRUN=$0; ${script}`, this.program], [script], options);
  }

  #spawn(file: string, args: readonly string[], words: readonly string[], options: CallOptions): Ended {
    const { status, signal, stdout, stderr, error } = spawnSync(file, [...args], {
      cwd: this.dir,
      env: { ...(options.env ?? PLAIN_ENV) },
      input: options.input ?? "",
      encoding: "latin1",
      maxBuffer: 1 << 26,
      timeout: 20_000,
    });
    if (error !== undefined) throw error;
    return { words, code: status, signal, stdout, stderr };
  }
}

/** What can't be the same in two runs: times and process ids. */
const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, "TIME"],
  [/(\\?"pid\\?": ?)[1-9]\d*/g, "$1PID"],
  [/(\\n[\w-]+ +)[1-9]\d* +(running|created) /g, "$1PID $2 "],
];

function normalized(text: string): string {
  return DIFFERENT.reduce((all, [pattern, by]) => all.replace(pattern, by), text);
}

/** A story of calls; what it returns beside their ends is compared too. */
export type Story = (host: Host) => readonly unknown[] | Promise<readonly unknown[]>;

let count = 0;

/** What both hosts make of a story: equal, or the difference is shown. */
export async function expectSame(story: Story): Promise<void> {
  count += 1;
  const dir = join(tmpdir(), `tsrun-hosts-${process.pid}-${count}`);
  try {
    const told: string[][] = [];
    for (const program of [NODE_HOST, NATIVE_HOST ?? ""]) {
      const lines = await story(new Host(program, dir));
      told.push(lines.map((line) => normalized(JSON.stringify(line, null, 1))));
    }
    expect(told[0]?.length).toBeGreaterThan(0);
    expect(told[1]).toEqual(told[0]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A test that needs both hosts; TSRUN_REQUIRE_NATIVE=1 makes it a failure that one is missing. */
export function hostTest(name: string, body: () => Promise<void>): void {
  if (NATIVE_HOST !== undefined || process.env.TSRUN_REQUIRE_NATIVE === "1") test(name, body);
  else test.skip(`${name} [skipped: the native executable is not built]`, body);
}

/** `hostTest` with one story. */
export function same(name: string, story: Story): void {
  hostTest(name, () => expectSame(story));
}
