// Installs, generates, compiles and bundles: whatever is not up to date. The results are in dist/.
import { existsSync, readFileSync } from "node:fs";
import { at, digestOf, filesBelow, replaceFile } from "./build/digest.mjs";
import { alone } from "./build/lock.mjs";
import { installModules } from "./build/modules.mjs";
import { buildAddon, buildInit, buildLauncher } from "./build/native.mjs";
import { bundle, commit, compileTypes, generate, lockText } from "./build/scripts.mjs";
import { BuildError, COMPILER } from "./build/tools.mjs";

const NODE = [process.execPath, process.version];
const SOURCES = ["runtime", "shim", "test", "schemas", "bundles", "bench", "scripts"];
const C_ENDINGS = [".cc", ".h", ".S", ".gyp"];

/** In order. A step runs when one of its results is missing, or its inputs have changed since it last ran well. */
const STEPS = [
  {
    name: "generate",
    inputs: () => digestOf(filesBelow(["schemas"], [".mjs", ".json"]), lockText()),
    results: ["addon/generated/wire.h", "runtime/plan/generated/step.ts", "runtime/spec/generated/validate-config.ts"],
    run: generate,
  },
  {
    name: "types",
    inputs: () => digestOf([...filesBelow(SOURCES, [".ts"]), at("tsconfig.json")], lockText()),
    results: ["dist/js"],
    run: compileTypes,
  },
  {
    name: "init",
    inputs: () =>
      digestOf(filesBelow(["addon/init", "addon/generated", "scripts/build"], [...C_ENDINGS, ".sh", ".mjs"]), COMPILER),
    results: ["dist/init"],
    run: buildInit,
  },
  {
    name: "addon",
    inputs: () =>
      digestOf(
        [
          ...filesBelow(["addon/core", "addon/bindings", "addon/init", "addon/binding.gyp"], C_ENDINGS),
          at("dist/init"),
        ],
        NODE,
        COMPILER,
      ),
    results: ["dist/tsrun.node"],
    run: buildAddon,
  },
  {
    name: "launcher",
    inputs: () =>
      digestOf(filesBelow(["addon/launcher", "addon/init/sys.h", "addon/init/abi.h", "scripts/build"]), NODE, COMPILER),
    results: ["dist/tsrun"],
    run: buildLauncher,
  },
  {
    name: "bundle",
    inputs: () =>
      digestOf(filesBelow(["runtime", "scripts/build"], [".ts", ".mjs", ".js", ".json"]), lockText(), commit()),
    results: ["dist/tsrun.cjs"],
    run: bundle,
  },
];

const RECORD = at("dist/build.json");
const readRecord = () => (existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, "utf8")) : {});

/** One step; true when it is up to date afterwards. */
async function perform(step, record) {
  const inputs = step.inputs();
  if (record[step.name] === inputs && step.results.every((path) => existsSync(at(path)))) return true;
  const started = performance.now();
  try {
    await step.run();
  } catch (error) {
    if (!(error instanceof BuildError) && error.errors === undefined) throw error;
    console.error(`build: ${step.name}: ${error.message.trim()}`);
    return false;
  }
  console.log(`build: ${step.name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  record[step.name] = inputs;
  replaceFile(RECORD, JSON.stringify(record, undefined, 1));
  return true;
}

/** A step that fails does not keep the later ones from running: what can be built is. */
async function build() {
  installModules();
  const record = readRecord();
  let complete = true;
  for (const step of STEPS) complete = (await perform(step, record)) && complete;
  return complete;
}

try {
  process.exitCode = (await alone(build)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
}
