import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "../support/paths.js";

/** Rooms from top to bottom: a file may import from its own room and from those below it, never from above. */
const FLOORS: readonly (readonly string[])[] = [
  ["runtime/host/node-main", "runtime/host/native-main", "runtime/library"],
  ["runtime/main", "runtime/commands", "runtime/cli"],
  ["runtime/container"],
  ["runtime/launch"],
  ["runtime/plan", "runtime/hooks"],
  ["runtime/cgroups", "runtime/network", "runtime/resctrl", "runtime/state", "runtime/seccomp"],
  ["runtime/spec"],
  ["runtime/output", "runtime/log", "runtime/version"],
  ["runtime/host", "runtime/linux", "runtime/errors"],
];

/** Type-only imports that point up: names of what is handed around, without code. */
const TYPE_ONLY_UP = new Set([
  "runtime/cgroups -> runtime/plan",
  "runtime/resctrl -> runtime/plan",
  "runtime/log -> runtime/container",
]);

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => join(folder, name));
}

function floorOf(path: string): { room: string; floor: number } {
  for (const [floor, rooms] of FLOORS.entries()) {
    const room = rooms.find((name) => path === `${name}.ts` || path.startsWith(`${name}/`));
    if (room !== undefined) return { room, floor };
  }
  throw new Error(`${path} is in no known room: give it one in this test`);
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  const pattern = /^(import|export)\s+(type\s+)?[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import\s+"([^"]+)"/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    from: path,
    to: match[3] ?? match[4] ?? match[5] ?? "",
    typeOnly: match[2] !== undefined,
  }));
}

const files = sources("runtime");
const imports = files.flatMap(importsOf);

describe("the arrows between rooms", () => {
  test("there is something to check", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
  });

  test("point downwards only", () => {
    const upward = imports
      .filter(({ to }) => to.startsWith("."))
      .map((row) => ({ ...row, target: relative(ROOT, resolve(ROOT, dirname(row.from), row.to)) }))
      .filter(({ target }) => target.startsWith("runtime/"))
      .filter(({ from, target, typeOnly }) => {
        const [above, below] = [floorOf(from), floorOf(target)];
        if (above.room === below.room || above.floor < below.floor) return false;
        if (above.floor === below.floor && above.floor > 0) return false;
        return !(typeOnly && TYPE_ONLY_UP.has(`${above.room} -> ${below.room}`));
      })
      .map(({ from, target }) => `${from} -> ${target}`);
    expect(upward).toEqual([]);
  });

  test("lead to Node only from its own host", () => {
    const node = imports
      .filter(({ to }) => to.startsWith("node:"))
      .map(({ from }) => from)
      .filter((from) => !/^runtime\/host\/node/.test(from));
    expect(node).toEqual([]);
  });

  test("the plan room is pure: only its encoder knows the port", () => {
    const plan = imports.filter(({ from }) => from.startsWith("runtime/plan/"));
    const knowing = plan.filter(({ to, typeOnly }) => to.includes("/host/port") && !typeOnly).map(({ from }) => from);
    expect(knowing).toEqual(["runtime/plan/encode.ts"]);
    const impure = files
      .filter((path) => path.startsWith("runtime/plan/"))
      .filter((path) => /\bnew Date\b|\bDate\.|Math\.random/.test(readFileSync(join(ROOT, path), "utf8")));
    expect(impure).toEqual([]);
  });
});
