import { execFile, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { compileNative, SANITIZED } from "../support/compile.ts";
import { ROOT } from "../support/paths.ts";

/** Mutated plans: all of them in the full suite. */
const MUTATIONS = process.env.TSRUN_FULL ? "100000" : "20000";
const GROUPS = [
  { group: "check", about: "plans are refused or sound before the first step", more: [] },
  { group: "sequence", about: "a plan gives exactly its system calls", more: [] },
  { group: "copy", about: "a covered directory is copied, and nothing outside of it", more: [] },
  { group: "paths", about: "container paths stay below the root, with and without openat2", more: [] },
  { group: "fuzz", about: `${MUTATIONS} mutated plans stay within bounds`, more: [MUTATIONS] },
];

const sources = (folder: string, ...without: string[]) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".cc") && !without.includes(name))
    .map((name) => join(folder, name));

let program = "";
beforeAll(async () => {
  program = await compileNative({
    name: "walker-test",
    sources: [
      ...sources("addon/init", "start.cc"),
      ...sources("addon/init/steps"),
      ...sources("addon/test", "smoke.cc", "smoke-plan.cc"),
    ],
    headers: ["addon/init", "addon/init/steps", "addon/generated", "addon/test"],
    flags: [...SANITIZED, "-DTSRUN_RECORD"],
  });
}, 300_000);

describe("the walker under the address and undefined behaviour sanitizers", () => {
  test("every group has its test here", () => {
    const listed = spawnSync(program, { encoding: "utf8" }).stdout.trim().split("\n");
    const groups = new Set(listed.map((line) => line.slice(0, line.indexOf(":"))));
    expect([...groups].sort()).toEqual(GROUPS.map(({ group }) => group).sort());
  });

  test.each(GROUPS)(
    "$group: $about",
    async ({ group, more }) => {
      const done = await promisify(execFile)(program, [group, ...more], { encoding: "utf8" }).catch((error) => error);
      const failed = `${done.stdout}${done.stderr}`
        .split("\n")
        .filter((line) => !/^ok |^ {2}\d+ refused|^$/.test(line));
      expect({ code: done.code ?? 0, failed }).toEqual({ code: 0, failed: [] });
      expect(done.stdout).toMatch(/^ok /m);
    },
    300_000,
  );
});
