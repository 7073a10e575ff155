import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** How a command ended. `code` is null when a signal ended it. */
export interface Outcome {
  readonly command: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface CommandOptions {
  readonly input?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Milliseconds until SIGKILL; 20 s when not given. */
  readonly timeout?: number | undefined;
  /** Files that take stdout and stderr instead of pipes: for commands that leave a child behind holding them. */
  readonly outputTo?: { readonly stdout: string; readonly stderr: string } | undefined;
}

/** A small, fixed environment, so that what a test sees does not depend on who runs it. */
export const PLAIN_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
};

function open(path: string | undefined): number | "pipe" {
  return path === undefined ? "pipe" : openSync(path, "a", 0o600);
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Runs a command to its end. Only a command that can't be spawned rejects; an exit code never does. */
export function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const out = open(options.outputTo?.stdout);
  const err = open(options.outputTo?.stderr);
  const child: ChildProcess = spawn(file, [...args], {
    // Never the host's /dev/null: crun gives its standard streams to the container's user, wherever they lead.
    stdio: ["pipe", out, err],
    env: { ...(options.env ?? PLAIN_ENV) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  for (const fd of [out, err]) if (typeof fd === "number") closeSync(fd);
  const stdout = gather(child.stdout);
  const stderr = gather(child.stderr);
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, options.timeout ?? 20_000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const command = [file, ...args].join(" ");
      resolve({ command, code, signal, stdout: stdout(), stderr: stderr(), timedOut });
    });
  });
}

/** Passes a successful outcome through; throws with the command's own words otherwise. */
export function succeeded(outcome: Outcome): Outcome {
  if (outcome.code === 0) return outcome;
  const how = outcome.timedOut ? "timed out" : `ended with ${outcome.code ?? outcome.signal}`;
  throw new Error(`${outcome.command} ${how}: ${(outcome.stderr || outcome.stdout).trim()}`);
}

/** Runs a command that must succeed; its stdout without the trailing newline. */
export async function output(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return succeeded(await run(file, args, options)).stdout.trimEnd();
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks again and again until the answer is not undefined; throws, naming `what`, when the time is up. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  milliseconds = 10_000,
): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`);
    await pause(20);
  }
}
