/** People at terminals: see terminal.py, which holds the master and plays the steps. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { PLAIN_ENV, until } from "../../bundles/command.ts";
import { ROOT } from "./paths.ts";

export type Step =
  | ["expect", string]
  | ["type", string]
  | ["size", rows: number, columns: number]
  | ["mode"]
  | ["signal", number]
  | ["drain"]
  | ["hang up"];

/** What a terminal's mode says. */
export interface Mode {
  readonly canonical: boolean;
  readonly echo: boolean;
  readonly signals: boolean;
  readonly post: boolean;
}

export interface Seen {
  readonly output: string;
  /** One for every step `mode`, and of `sit` one more after the command has ended. */
  readonly modes: readonly Mode[];
}

/** What came of a command in a terminal. */
export interface Sitting extends Seen {
  /** Negative for a signal. */
  readonly code: number;
}

/** What came through a console socket: the message's text, how many descriptors, and what was sent after it. */
export interface Received extends Seen {
  readonly name: string;
  readonly descriptors: number;
  readonly rest: string;
}

/** Whether terminals can be tested here, and why not. */
export function pythonMissing(): string {
  try {
    execFileSync("python3", ["-c", "import pty, fcntl, termios, os; os.waitstatus_to_exitcode"], { stdio: "ignore" });
    return "";
  } catch {
    return "no python3 of 3.9 or later to hold terminals";
  }
}

interface Player {
  readonly child: ChildProcess;
  readonly told: () => string;
  readonly ended: Promise<Record<string, unknown>>;
}

function play(args: readonly string[]): Player {
  const script = join(ROOT, "test/support/terminal.py");
  const child = spawn("python3", [script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...PLAIN_ENV, PATH: process.env.PATH ?? "" },
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  const ended = new Promise<Record<string, unknown>>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      try {
        const seen = JSON.parse(texts.stdout);
        if (seen.error === null) resolve(seen);
        else reject(new Error(`${seen.error}; the terminal shows ${JSON.stringify(seen.output.slice(-500))}`));
      } catch {
        reject(new Error(`terminal.py: ${texts.stderr}`));
      }
    });
  });
  // Whoever waits for it is told; until then it is not unhandled.
  ended.catch(() => undefined);
  return { child, told: () => texts.stderr, ended };
}

/** Runs a command in a terminal of its own while `steps` are played. Rejects when something expected does not come. */
export async function sit(
  command: readonly string[],
  steps: readonly Step[],
  size: readonly [number, number] = [24, 80],
): Promise<Sitting> {
  const [rows, columns] = size.map(String) as [string, string];
  return (await play(["sit", rows, columns, JSON.stringify(steps), ...command]).ended) as unknown as Sitting;
}

/** A listening console socket. `received` resolves when the terminal that came has seen all its steps. */
export async function listen(path: string, steps: readonly Step[]): Promise<{ readonly received: Promise<Received> }> {
  const { child, told, ended } = play(["listen", path, JSON.stringify(steps)]);
  await until("the console socket", () => {
    if (child.exitCode !== null) throw new Error(`terminal.py: ${told()}`);
    return told().includes("ready") ? true : undefined;
  });
  return { received: ended as Promise<unknown> as Promise<Received> };
}
