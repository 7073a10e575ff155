import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ROOT } from "../support/paths.ts";

const EXECUTABLE = join(ROOT, "dist", "tsrun");
const VERSION = /^tsrun version \d+\.\d+\.\d+/;
/** Stands in for the bundle: tells what it was started with, one character per byte. */
const BUNDLE = `const { readFileSync, writeSync } = require("node:fs");
const list = (file) => readFileSync(file, "latin1").split("\\0").slice(0, -1);
const limit = /Max open files\\s+(\\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))[1];
writeSync(1, JSON.stringify({ words: list("/proc/self/cmdline"), environment: list("/proc/self/environ"), limit }));
process.exit(7);`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsrun-executable-"));
  mkdirSync(join(folder, "there"));
  copyFileSync(EXECUTABLE, join(folder, "there", "tsrun"));
  writeFileSync(join(folder, "there", "tsrun.cjs"), BUNDLE);
  symlinkSync("there/tsrun", join(folder, "linked"));
  symlinkSync(join(folder, "linked"), join(folder, "twice"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (script: string, env: Record<string, string> = {}) =>
  spawnSync("/bin/sh", ["-c", script], { encoding: "utf8", cwd: "/", env: { D: folder, T: EXECUTABLE, ...env } });

/** What the stand-in tells. */
function tell(script: string, env?: Record<string, string>): { words: string[]; environment: string[]; limit: string } {
  const done = run(script, env);
  expect(done.stderr).toBe("");
  expect(done.status).toBe(7);
  return JSON.parse(done.stdout);
}

describe("what starts node", () => {
  test("passes the words on as they are, and finds the bundle through links", () => {
    for (const name of ["there/tsrun", "linked", "twice"]) {
      const { words } = tell(`exec "$D/${name}" a '' "$(printf 'b\\377')" --version`);
      expect(words).toEqual([process.execPath, join(folder, "there", "tsrun.cjs"), "a", "", "b\xff", "--version"]);
    }
  });

  test("hides the environment from node, and hands it over behind colons", () => {
    const { environment } = tell(`exec env -i A=1 NODE_OPTIONS=--garbage LD_PRELOAD=/none.so EMPTY= "$D/linked"`);
    expect(environment[0]).toMatch(/^TSRUN_NOFILE=\d+$/);
    expect(environment[1]).toBe("TSRUN_FDS=0");
    expect(environment.slice(2)).toEqual([":A=1", ":NODE_OPTIONS=--garbage", ":LD_PRELOAD=/none.so", ":EMPTY="]);
  });

  test("tells the soft limit of open files, which node raises for itself", () => {
    const { environment, limit } = tell(`ulimit -Sn 123; exec "$D/linked"`);
    expect(environment[0]).toBe("TSRUN_NOFILE=123");
    expect(Number(limit)).toBeGreaterThan(123);
  });

  test("tells how many descriptors are the caller's", () => {
    expect(tell(`exec 3</dev/null 4</dev/null 6</dev/null; exec "$D/linked"`).environment[1]).toBe("TSRUN_FDS=2");
  });

  test("a large environment arrives whole", () => {
    const large = "x".repeat(100_000);
    const { environment } = tell(`exec env -i A="$A" B="$A" C=3 "$D/linked"`, { A: large });
    expect(environment.slice(2)).toEqual([`:A=${large}`, `:B=${large}`, ":C=3"]);
  });
});

describe("dist/tsrun", () => {
  test.each([
    ["with an empty environment", 'exec env -i "$T" --version'],
    [
      "with an environment that would stop node",
      'NODE_OPTIONS=--garbage LD_PRELOAD=/none.so NODE_EXTRA_CA_CERTS=/none exec "$T" --version',
    ],
    ["with stdin and stderr closed", 'exec "$T" --version <&- 2>&-'],
    ["from a folder that is gone", 'mkdir "$D/gone" && cd "$D/gone" && rmdir "$D/gone" && exec "$T" --version'],
    ["through a link", 'ln -s "$T" "$D/name" && exec "$D/name" --version'],
  ])("runs %s", (_, script) => {
    const done = run(script);
    expect(done.stdout).toMatch(VERSION);
    expect({ stderr: done.stderr, status: done.status }).toEqual({ stderr: "", status: 0 });
  });

  test("ends well with all of its standard streams closed", () => {
    expect(run('"$T" --version <&- >&- 2>&-; echo $?').stdout).toBe("0\n");
  });

  test("needs no node_modules", () => {
    for (const name of ["tsrun", "tsrun.cjs", "tsrun.node"]) copyFileSync(join(ROOT, "dist", name), join(folder, name));
    expect(run('exec "$D/tsrun" --help').stdout).toContain("create");
    expect(run('exec "$D/tsrun" create --help').stdout).toContain("--bundle");
  });
});
