import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { capturedNames } from "../../bundles/captured.ts";
import { type Outcome, output, run, succeeded } from "../../bundles/command.ts";
import { type Config, template } from "../../bundles/config.ts";
import { makers } from "../../bundles/makers.ts";
import { leftovers, removeCgroups } from "../../bundles/remains.ts";
import { type Surroundings, surroundings } from "../../bundles/runtimes.ts";
import { TSRUN } from "../support/paths.ts";
import { KIND, when } from "../support/runtime.ts";
import { pythonMissing, sit } from "../support/terminal.ts";

const LONG = 300_000;
const RUNC = "/usr/sbin/runc";
const SYS_RESOURCE = 1n << 24n;
const bounding = BigInt(`0x${/^CapBnd:\t(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`);

let dir = "";
let around: Surroundings;
const table = await makers();
const captured = await capturedNames();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), `tsrun-${process.pid}-`));
  await output("chmod", ["755", dir]);
  around = await surroundings(KIND);
});

afterAll(async () => {
  around.close();
  const name = dir.slice(dir.lastIndexOf("/") + 1);
  const left = await leftovers(name);
  await removeCgroups(name);
  await rm(dir, { recursive: true, force: true });
  expect(left).toEqual([]);
});

/** Makes a bundle by name and lets `change` edit the text of its config.json. */
async function made(name: string, change: (text: string) => string = (text) => text): Promise<string> {
  const folder = join(dir, name);
  await table.get(name)?.make(folder);
  const path = join(folder, "config.json");
  await writeFile(path, change(await readFile(path, "utf8")));
  return folder;
}

/** In a terminal if `seated`, whose lines are then taken for those of stdout. */
async function runBundle(folder: string, seated = false): Promise<Outcome> {
  const id = `${dir.slice(dir.lastIndexOf("/") + 1)}-${folder.slice(folder.lastIndexOf("/") + 1)}`;
  const line = (...words: string[]): string[] => [...around.prefix, TSRUN, "--root", join(dir, "state"), ...words];
  const call = (...words: string[]): Promise<Outcome> => {
    const [file = "", ...args] = line(...words);
    return run(file, args);
  };
  try {
    if (!seated) return await call("run", "--bundle", folder, id);
    const { code, output: text } = await sit(line("run", "--bundle", folder, id), []);
    const stdout = text.replaceAll("\r\n", "\n");
    return { command: "run in a terminal", code, signal: null, stdout, stderr: "", timedOut: false };
  } finally {
    await call("delete", "--force", id);
  }
}

/** Replaces the program of a captured config, which is `true`, by a shell script. */
function script(lines: string): (text: string) => string {
  return (text) => {
    const args = JSON.stringify(["/bin/sh", "-c", lines]);
    return text.replace(/"args": \[\s*"(\/bin\/)?true"\s*\]/, () => `"args": ${args}`);
  };
}

test("the busybox bundle", async () => {
  expect(succeeded(await runBundle(await made("busybox"))).stdout).toBe("hello from tsrun\n");
});

test(
  "the Debian bundle runs Python",
  async () => {
    expect(succeeded(await runBundle(await made("debian"))).stdout).toMatch(/^python 3\.\d+\.\d+ on tsrun\n$/);
  },
  LONG,
);

test("the bundle unpacked by umoci", async () => {
  const folder = await made("umoci", (text) =>
    text.replace(/"args": \[\s*"\/bin\/sh"\s*\]/, '"args": ["sh", "-c", "id -u; pwd; echo $GREETING; hostname"]'),
  );
  expect(succeeded(await runBundle(folder)).stdout).toBe("1000\n/tmp\nhello\numoci-default\n");
});

/** Whether a captured config asks for a terminal. */
const seated = (name: string): boolean => name.endsWith("-tty");

/** What must be there for a captured config to run. */
function needs(name: string): readonly [boolean, string] {
  if (seated(name)) return [pythonMissing() === "", pythonMissing()];
  if (name === "docker-privileged") return [(bounding & SYS_RESOURCE) !== 0n, "needs CAP_SYS_RESOURCE"];
  return [true, ""];
}

for (const name of captured) {
  when(...needs(name))(`the config of ${name}`, async () => {
    const folder = await made(name, script("echo ran as $(id -u)"));
    const outcome = await runBundle(folder, seated(name));
    expect(succeeded(outcome).stdout).toMatch(/^ran as (0|1000)\n$/);
  });
}

const LIMITS = [
  "id -u",
  "pwd",
  "echo $COLOUR",
  "cat /proc/self/oom_score_adj",
  "grep -E 'CapBnd|NoNewPrivs' /proc/self/status | cut -f2",
  "cat /sys/fs/cgroup/memory/memory.limit_in_bytes",
  "cat /sys/fs/cgroup/pids/pids.max",
  "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us",
  "touch /new 2>&1 | sed 's/.*: //'",
].join("; ");

test.each([
  [
    "docker-limits",
    ["1000", "/tmp", "blue", "100", "0000000000000400", "1", "209715200", "64", "50000", "Read-only file system"],
  ],
  [
    "podman-limits",
    ["1000", "/tmp", "blue", "0", "0000000000000400", "1", "209715200", "64", "50000", "Read-only file system"],
  ],
])("%s: what the client asked for is what the program sees", async (name, expected) => {
  const folder = join(dir, `${name}-seen`);
  await table.get(name)?.make(folder);
  const path = join(folder, "config.json");
  await writeFile(path, script(LIMITS)(await readFile(path, "utf8")));
  expect(
    succeeded(await runBundle(folder))
      .stdout.trim()
      .split("\n"),
  ).toEqual(expected);
});

const haveRunc = await run(RUNC, ["--version"]).then(
  (outcome) => /runc version 1\.1\.5/.test(outcome.stdout),
  () => false,
);

when(haveRunc, "no runc 1.1.5, whose template this is")(
  "the template is what runc spec writes, but for args, terminal and hostname",
  async () => {
    const folder = await mkdtemp(join(dir, "spec-"));
    succeeded(await run(RUNC, ["spec", "--bundle", folder]));
    const theirs = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Config;
    theirs.process.terminal = false;
    theirs.hostname = "tsrun";
    expect(template()).toEqual(theirs);
  },
);
