import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { ROOT, TSRUN } from "../support/paths.ts";

interface Expected {
  readonly kind: "program" | "older" | "meant" | "race" | "host";
  readonly reason: string;
}

interface Result {
  readonly verdict: "pass" | "fail" | "skip";
  readonly tests: number;
  readonly reason: string;
}

const SCRIPT = join(ROOT, "scripts", "conformance.mjs");
const NOT_HERE = 3;

const expected: Record<string, Expected | null> = JSON.parse(
  readFileSync(join(ROOT, "test", "conformance", "expected.json"), "utf8"),
);

// Building takes its time, once.
const prepared = spawnSync(process.execPath, [SCRIPT, "--prepare"], { encoding: "utf8" });
const absent = prepared.status === NOT_HERE ? prepared.stderr.trim().split("\n").at(-1) : undefined;

let results: Record<string, Result> = {};

beforeAll(async () => {
  if (absent !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "tsrun-conformance-report-"));
  try {
    const file = join(folder, "results.json");
    const args = [SCRIPT, "--runtime", TSRUN, "--json", file];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    results = JSON.parse(readFileSync(file, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 1_200_000);

const told = (name: string): string => `${results[name]?.verdict}: ${results[name]?.reason}`;

test("the programs can be built, where they can be had", () => {
  expect(prepared.stderr).toEqual(absent === undefined ? expect.any(String) : expect.stringContaining("conformance: "));
  expect([0, NOT_HERE]).toContain(prepared.status);
});

describe.each(Object.entries(expected))("%s", (name, row) => {
  if (absent !== undefined) {
    test.skip(`[skipped: ${absent}]`, () => undefined);
  } else if (row === null) {
    test("passes", () => expect(told(name)).toBe("pass: "));
  } else if (row.kind === "host" || row.kind === "race") {
    test.skip(`may pass elsewhere [skipped: ${row.reason}]`, () => undefined);
  } else {
    test(`does not pass: ${row.kind}`, () => expect(results[name]?.verdict).toBe("fail"));
  }
});

if (absent === undefined) {
  test("no program is missing, and none is new", () => expect(Object.keys(results)).toEqual(Object.keys(expected)));
}
