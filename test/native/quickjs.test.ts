/** The QuickJS binding gives the same port as Node's, and the engine is kept within its bounds. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileNative } from "../support/compile.ts";
import { NATIVE_HOST } from "../support/hosts.ts";
import { ROOT } from "../support/paths.ts";
import { SCENES } from "./quickjs/scenes.ts";

const PROGRAM = join(ROOT, "dist", "native", "quickjs-scenes");
const built = NATIVE_HOST !== undefined || process.env.TSRUN_REQUIRE_NATIVE === "1";
const nativeTest = (name: string, body: () => void): void =>
  built ? test(name, body) : test.skip(`${name} [skipped: the native executable is not built]`, body);

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsrun-quickjs-"));
  if (!built) return;
  mkdirSync(join(ROOT, "dist", "native"), { recursive: true });
  const script = pathToFileURL(join(ROOT, "scripts", "native.mjs")).href;
  const make = `import { buildExecutable } from ${JSON.stringify(script)};
    await buildExecutable("test/native/quickjs/program.ts", ${JSON.stringify(PROGRAM)});`;
  execFileSync(process.execPath, ["--input-type=module", "-e", make], { cwd: ROOT, stdio: "pipe" });
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A new folder that has the same path for both hosts. */
function emptied(): string {
  const path = join(folder, "scene");
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

function onNode(name: string): string {
  const here = (path: string) => JSON.stringify(pathToFileURL(join(ROOT, "dist", "js", path)).href);
  const script = `import ${here("runtime/host/node.js")};
    const { SCENES } = await import(${here("test/native/quickjs/scenes.js")});
    process.stdout.write(JSON.stringify(await SCENES[${JSON.stringify(name)}](${JSON.stringify(emptied())})), () => process.exit());`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
}

function ended(args: readonly string[], options: object = {}) {
  const { status, stdout, stderr } = spawnSync(PROGRAM, [...args], { encoding: "utf8", timeout: 20_000, ...options });
  return { status, stdout, stderr };
}

describe("the port on both hosts", () => {
  for (const name of Object.keys(SCENES)) {
    nativeTest(name, () => {
      const expected = onNode(name);
      expect(expected.length).toBeGreaterThan(2);
      const { status, stdout, stderr } = ended([name, emptied()]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual(JSON.parse(expected));
    });
  }
});

describe("the engine", () => {
  nativeTest("has nothing but ECMAScript", () => {
    const names = JSON.parse(ended(["globals"]).stdout) as string[];
    const absent = ["std", "os", "console", "print", "scriptArgs", "require", "process", "setTimeout", "load", "gc"];
    expect(names.filter((name) => absent.includes(name))).toEqual([]);
    expect(names).toContain("BigInt");
    expect(names.filter((name) => !(name in globalThis))).toEqual(["InternalError"]);
  });

  nativeTest("compiles no text, loads no module and knows no chance", () => {
    const [evaluated = "", made = "", random = "", loaded = ""] = JSON.parse(ended(["refused"]).stdout) as string[];
    expect(evaluated).toMatch(/^\w*Error: eval is not supported/);
    expect(made).toMatch(/^\w*Error: eval is not supported/);
    expect(random).toMatch(/^TypeError/);
    expect(loaded).toMatch(/^\w*Error: (could not load module|no function filename)/);
  });

  nativeTest("has bounds that an error tells of", () => {
    expect(ended(["stack"]).stdout).toMatch(/^InternalError: stack overflow/);
    expect(ended(["memory"]).stdout).toMatch(/^InternalError: out of memory/);
  });

  nativeTest("collects what refers to itself", () => {
    expect(ended(["garbage"])).toEqual({ status: 0, stdout: "done", stderr: "" });
  });

  nativeTest("ends with one line when something goes wrong", () => {
    const told = (text: string) => ({ status: 1, stdout: "", stderr: `tsrun: internal error: ${text}\n` });
    expect(ended(["throws"])).toEqual(told("first line second  [31mline"));
    expect(ended(["rejects"])).toEqual(told("rejected"));
    expect(ended(["throwsText"])).toEqual(told("no error at all"));
    expect(ended(["unhandled"])).toEqual(told("nobody looks"));
    expect(ended(["nothingLeft"])).toEqual(told("nothing is left to wait for"));
    expect(ended(["handledLater"])).toEqual({ status: 7, stdout: "", stderr: "" });
    expect(ended(["code"]).status).toBe(300 & 0xff);
  });

  nativeTest("knows its own words and environment, not those of the build", () => {
    const { stdout } = ended(["environment", "", "é"], { env: { A: "b" } });
    expect(JSON.parse(stdout)).toEqual([["A=b"], ["environment", "", "é"]]);
  });

  nativeTest("opens streams that were closed", () => {
    const { stdout } = spawnSync("/bin/sh", ["-c", '"$0" streams <&- 2>&- | cat', PROGRAM], { encoding: "utf8" });
    const [input, , errors] = JSON.parse(stdout) as string[];
    expect([input, errors]).toEqual(["/dev/null", "/dev/null"]);
  });
});

describe("the functions in the place of the C library's", () => {
  test("copy and compare", async () => {
    const program = await compileNative({
      name: "small-test",
      sources: ["test/native/quickjs/small-test.cc"],
      headers: ["addon/native"],
      flags: ["-fno-tree-loop-distribute-patterns", "-fsanitize=address"],
    });
    expect(execFileSync(program, { encoding: "utf8" })).toMatch(/^0 of \d{6} wrong\n$/);
  });
});

describe("the executable", () => {
  nativeTest("needs no other file and is of the size it may have", () => {
    const path = NATIVE_HOST ?? PROGRAM;
    expect(existsSync(path)).toBe(true);
    const shape = execFileSync("readelf", ["-lW", path], { encoding: "utf8" });
    expect(shape).not.toMatch(/INTERP|DYNAMIC|RWE/);
    expect(Number(execFileSync("stat", ["-Lc", "%s", path], { encoding: "utf8" }))).toBeLessThan(3_500_000);
  });
});
