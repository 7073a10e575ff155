import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { at, filesBelow } from "./digest.mjs";
import { run } from "./tools.mjs";

/** Files made from the tables in schemas/. */
export function generate() {
  for (const script of ["schemas/generate-plan.mjs", "schemas/generate-oci.mjs"])
    if (existsSync(at(script))) run(process.execPath, [at(script)]);
}

/** dist/js: every TypeScript file as an ES module, without what sources that are gone have left. */
export function compileTypes() {
  for (const output of filesBelow(["dist/js"], [".js", ".d.ts", ".js.map"])) {
    const source = relative(at("dist/js"), output).replace(/(\.d\.ts|\.js\.map|\.js)$/, "");
    if (!existsSync(at(`${source}.ts`))) rmSync(output);
  }
  run(process.execPath, [at("node_modules/typescript/bin/tsc"), "-p", at()]);
}

/** The commit that is checked out; empty for sources without a repository. */
export function commit() {
  const found = spawnSync("git", ["rev-parse", "HEAD"], { cwd: at(), encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : "";
}

const BANNER = 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;';

/** dist/tsrun.cjs: the command line in one file that needs no node_modules. */
export async function bundle() {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [at("runtime/host/node-main.ts")],
    outfile: at("dist/tsrun.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minify: true,
    keepNames: true,
    legalComments: "eof",
    define: { "import.meta.url": "bundleUrl", TSRUN_COMMIT: JSON.stringify(commit()) },
    banner: { js: BANNER },
    logLevel: "silent",
  });
}

/** What the dependencies on disk are, as far as results depend on them. */
export const lockText = () => readFileSync(at("package-lock.json"), "utf8");
