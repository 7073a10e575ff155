// Builds dist/tsrun-native: the TypeScript, QuickJS, the core and init in one static executable.
// `node scripts/native.mjs` does it by itself; scripts/build.mjs calls buildNative.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { at, digestOf, filesBelow, replaceFile } from "./build/digest.mjs";
import { BuildError, COMPILER, run } from "./build/tools.mjs";
import { writeImage } from "./native/image.mjs";
import { bundleProgram, errorTexts } from "./native/program.mjs";
import { chooseTarget } from "./native/target.mjs";

const ENDINGS = [".cc", ".h", ".S", ".mjs", ".ts", ".js", ".json", "Makefile"];
const INPUTS = [
  ...["runtime", "addon/core", "addon/init", "addon/native", "addon/bindings", "addon/generated"],
  ...["scripts/native.mjs", "scripts/native", "scripts/quickjs.mjs", "package-lock.json", "dist/init"],
];

/** A digest of all that dist/tsrun-native is made of. */
export function nativeInputs() {
  const files = filesBelow(INPUTS, [...ENDINGS, "dist/init"]);
  return digestOf(files, COMPILER, process.env.TSRUN_QUICKJS ?? "");
}

/** Leaves a file whose content is right as it is, so that make sees when it last changed. */
function refresh(path, content) {
  if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(content))) replaceFile(path, content);
}

function maker(folder, target, files) {
  const variables = {
    ROOT: at(),
    CXX: target.cxx,
    CXXFLAGS: target.flags.map((flag) => `'${flag}'`).join(" "),
    CC: target.cc,
    QUICKJS: target.sources,
    ENGINE: target.engine.join(" "),
    INCLUDE: target.include,
    INIT: at("dist/init"),
    ...files,
  };
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const make = process.env.MAKE || "make";
  return (goal) => run(make, ["-s", "-j2", "-C", folder, "-f", at("addon/native/Makefile"), ...settings, goal]);
}

/**
 * Makes an executable of a TypeScript file that exports `prepare` and `start`, as runtime/host/native-main.ts does.
 * Throws a BuildError that says what is missing.
 */
export async function buildExecutable(entry, output) {
  const target = chooseTarget();
  const recipe = digestOf([at("addon/native/Makefile")], target);
  const folder = at("dist/cache/native", recipe.slice(0, 16));
  const own = join(folder, basename(output));
  mkdirSync(own, { recursive: true });
  const [source, bytecode] = ["program.js", "program.bin"].map((name) => join(own, name));
  const make = maker(folder, target, { PROGRAM: bytecode, PLAIN: join(own, "plain") });
  make("compile");
  refresh(join(folder, "errors.inc"), await errorTexts());
  await bundleProgram(entry, source);
  run(join(folder, "compile"), [source, `${bytecode}.new`]);
  refresh(bytecode, readFileSync(`${bytecode}.new`));
  make(join(own, "plain"));
  writeImage(join(own, "plain"), output, []);
}

/** Makes dist/tsrun-native anew. */
export const buildNative = () => buildExecutable("runtime/host/native-main.ts", at("dist/tsrun-native"));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await buildNative();
  } catch (error) {
    if (!(error instanceof BuildError) && error.errors === undefined) throw error;
    console.error(`native: ${error.message.trim()}`);
    process.exitCode = 1;
  }
}
