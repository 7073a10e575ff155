/** The runtime must run on a tiny engine: nothing of Node may be needed outside of the Node host. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import vm from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { buildSync } from "esbuild";
import { ROOT } from "../support/paths.js";
import { UNIFIED } from "../support/plan.js";

/** A program that validates and plans in an engine that has nothing but ECMAScript. */
const PROGRAM = `
import { exampleSpec } from "./runtime/spec/example.ts";
import { stringifyExact } from "./runtime/spec/json.ts";
import { parseSpec } from "./runtime/spec/load.ts";
import { requireSupported } from "./runtime/spec/supported.ts";
import { requireValid } from "./runtime/spec/validate.ts";
import { planCreate } from "./runtime/plan/plan.ts";
import { describe } from "./runtime/plan/describe.ts";
import { encodePlan } from "./runtime/plan/encode.ts";
import { setPort } from "./runtime/host/port.ts";

const ascii = (text) => Uint8Array.from([...text].map((letter) => letter.charCodeAt(0)));
setPort({ encode: ascii });
const text = stringifyExact(exampleSpec({ rootless: false, uid: 0, gid: 0 }));
const { spec } = parseSpec(text);
spec.process.terminal = false;
requireValid(spec);
requireSupported(spec);
const host = { cgroups: ${JSON.stringify(UNIFIED)}, bounding: ~0n, permitted: ~0n, machine: "x86_64", namespaceFiles: {}, ownNamespaces: {}, links: {}, deviceSources: {}, sameDevices: new Set(), hasKernelCore: false };
const plan = planCreate(spec, host, { id: "c1", bundle: "/b", rootfs: "/b/rootfs", noPivot: false, newKeyring: true, preserveFds: 0 });
globalThis.lines = plan.steps.map(describe);
globalThis.size = encodePlan(plan.steps, false).length;
`;

function bundle(contents: string): { code: string; errors: number } {
  const result = buildSync({
    stdin: { contents, resolveDir: ROOT, loader: "ts", sourcefile: "portable.ts" },
    bundle: true,
    write: false,
    format: "iife",
    platform: "neutral",
    target: "es2023",
    logLevel: "silent",
  });
  return { code: result.outputFiles[0]?.text ?? "", errors: result.errors.length };
}

describe("portability", () => {
  test("the runtime type-checks with ES2023 alone", () => {
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const check = () =>
      execFileSync(process.execPath, [tsc, "-p", "tsconfig.portable.json"], { cwd: ROOT, encoding: "utf8" });
    expect(check()).toBe("");
  });

  test("main bundles with nothing external", () => {
    expect(bundle('import { main } from "./runtime/main.ts"; globalThis.main = main;').errors).toBe(0);
  });

  test("a config is validated and planned in an empty context", () => {
    const context = vm.createContext(Object.create(null) as object);
    vm.runInContext(bundle(PROGRAM).code, context);
    const { lines, size } = context as { lines: string[]; size: number };
    expect(lines.at(-1)).toBe("execute sh");
    expect(lines).toContain("mount proc on /proc");
    expect(size).toBeGreaterThan(2000);
  });
});
