/** What the tests of clients share: which client can be tested here, and what belongs to the quick run. */

import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type CommandOptions, type Outcome, PLAIN_ENV } from "../../bundles/command.ts";
import { CGROUP_ROOT } from "./cgroup.ts";
import type { ClientSession } from "./client-session.ts";

const CAP_SYS_RESOURCE = 24n;

/** The path of a program, the system's own before what is in /usr/local; undefined when it is not there. */
export function program(name: string): string | undefined {
  const folders = ["/usr/bin", "/usr/sbin", ...(PLAIN_ENV.PATH ?? "").split(delimiter)];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Whether processes here may have CAP_SYS_RESOURCE: `--privileged` and podman's own limits ask for it. */
export function haveSysResource(): boolean {
  return ((capabilities(readFileSync("/proc/self/status", "utf8"), "CapBnd") >> CAP_SYS_RESOURCE) & 1n) === 1n;
}

/** A set of capabilities (`CapBnd`, `CapEff`) in the text of a /proc/PID/status, as far as docker 20.10 knows them. */
export function capabilities(status: string, set: string): bigint {
  const digits = new RegExp(`^${set}:\\s*(\\w+)`, "m").exec(status)?.[1];
  if (digits === undefined) throw new Error(`no ${set} in ${status}`);
  return BigInt(`0x${digits}`) & ((1n << 38n) - 1n);
}

export const NO_RESOURCE = "runc wants CAP_SYS_RESOURCE, which is not there";

/** True on a host with nothing but a v2 tree. */
export const isV2 = existsSync(join(CGROUP_ROOT, "cgroup.controllers"));

/** Where a value is read: the v1 controller and its file, and the v2 file. */
export interface CgroupFile {
  readonly v1: readonly [controller: string, file: string];
  readonly v2: string;
}

/** The whole path of a cgroup's file on this host's kind of tree. */
export function cgroupPath(file: CgroupFile, ...cgroup: string[]): string {
  const [controller, name] = file.v1;
  return isV2 ? join(CGROUP_ROOT, ...cgroup, file.v2) : join(CGROUP_ROOT, controller, ...cgroup, name);
}

/** The trimmed content of a cgroup's file. */
export function cgroupText(file: CgroupFile, ...cgroup: string[]): string {
  return readFileSync(cgroupPath(file, ...cgroup), "utf8").trim();
}

type Register = (name: string, body: () => Promise<void>, timeout?: number) => void;

/** How the tests of one file are registered. */
export interface Lane {
  /** Part of every run. */
  readonly quick: Register;
  /** Left out when TSRUN_QUICK is set. */
  readonly whole: Register;
  /** Left out, with the reason, unless `condition` holds; part of the whole run only. */
  when(condition: boolean, reason: string): Register;
}

function skipped(reason: string): Register {
  return (name, body) => test.skip(`${name} [skipped: ${reason}]`, body);
}

const TIMEOUT = 90_000;

/** Registers tests that need these programs (name, package); they are skipped, with the reason, where one is missing. */
export function lane(needed: Readonly<Record<string, string>>): Lane {
  const missing = Object.keys(needed).filter((name) => program(name) === undefined);
  const packages = [...new Set(missing.map((name) => needed[name]))];
  if (missing.length > 0) {
    const skip = skipped(`${packages.join(", ")} not installed`);
    return { quick: skip, whole: skip, when: () => skip };
  }
  const quick: Register = (name, body, timeout = TIMEOUT) => test(name, body, timeout);
  const whole = process.env.TSRUN_QUICK ? skipped("TSRUN_QUICK is set") : quick;
  return { quick, whole, when: (condition, reason) => (condition ? whole : skipped(reason)) };
}

/** Opens a client before the tests of a file, when any is to be run; nothing may be left of it after them. */
export function useClient<T extends { readonly session: ClientSession }>(
  needed: Readonly<Record<string, string>>,
  open: () => Promise<T>,
): () => T {
  let client: T | undefined;
  const there = Object.keys(needed).every((name) => program(name) !== undefined);
  beforeAll(async () => {
    if (there) client = await open();
  }, TIMEOUT);
  afterAll(async () => {
    if (client !== undefined) expect(await client.session.close()).toEqual([]);
  }, TIMEOUT);
  return () => {
    if (client === undefined) throw new Error("the client opens before the first test");
    return client;
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs a command of a session at a terminal of 31 rows and 77 columns, where nobody types. */
export async function atTerminal(
  session: ClientSession,
  command: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const words = `stty rows 31 cols 77; exec ${command.map(quoted).join(" ")}`;
  const script = ["script", "--quiet", "--return", "--command", words, session.file("typescript")];
  const outcome = await session.exec(script, options);
  // The end of script's own input is echoed so.
  return { ...outcome, stdout: outcome.stdout.replaceAll("^@", "").replaceAll("^D\b\b", "") };
}

/** The parts of an outcome that tests compare. */
export function brief(outcome: Outcome): { code: number | null; stdout: string; stderr: string } {
  return { code: outcome.code, stdout: outcome.stdout.trim(), stderr: outcome.stderr.trim() };
}
