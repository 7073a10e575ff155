import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "../support/paths.ts";

const GENERATED = join(ROOT, "runtime", "spec", "generated");

describe("generated files", () => {
  const names = readdirSync(GENERATED).filter((name) => name.endsWith(".ts"));

  test("import nothing but types, and evaluate no text", () => {
    expect(names).toHaveLength(5);
    for (const name of names) {
      const text = readFileSync(join(GENERATED, name), "utf8");
      for (const [line] of text.matchAll(/^.*\bimport\b.*$/gm)) expect(line).toMatch(/^import type /);
      expect(text).not.toMatch(/\brequire\(|\beval\(|new Function\b/);
    }
  });

  test("are left alone when nothing has changed", () => {
    const times = () => names.map((name) => statSync(join(GENERATED, name)).mtimeMs);
    const before = times();
    const run = spawnSync(process.execPath, [join(ROOT, "schemas", "generate-oci.mjs")]);
    expect(run.stderr.toString()).toBe("");
    expect(run.stdout.toString()).toBe("");
    expect(times()).toEqual(before);
  });

  test("keep 64-bit fields exact and others plain", () => {
    const types = readFileSync(join(GENERATED, "types.ts"), "utf8");
    expect(types).toMatch(/soft: Integer;/);
    expect(types).toMatch(/uid: number;/);
    expect(types).not.toMatch(/\b[A-Za-z]+\d+ (=|\{)/);
  });
});
