// Builds dist/tsrun-native: the TypeScript, QuickJS, the core and init in one static executable.
// `node scripts/native.mjs` does it by itself; scripts/build.mjs calls buildNative.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { at, digestOf, filesBelow, replaceFile } from "./build/digest.mjs";
import { commit } from "./build/scripts.mjs";
import { BuildError, COMPILER, run } from "./build/tools.mjs";
import { writeImage } from "./native/image.mjs";
import { bundleProgram, errorTexts } from "./native/program.mjs";
import { chooseTarget } from "./native/target.mjs";

const ENDINGS = [".cc", ".h", ".S", ".mjs", ".ts", ".js", ".json", "Makefile"];
const INPUTS = [
  ...["runtime", "addon/core", "addon/init", "addon/native", "addon/bindings", "addon/generated"],
  ...["scripts/native.mjs", "scripts/native", "scripts/quickjs.mjs", "package-lock.json", "dist/init"],
];

/** Names a cross compiler, and so the machine to build for: `TSRUN_CROSS=aarch64-linux-gnu`. Empty: this one. */
const MACHINE = process.env.TSRUN_CROSS ?? "";

/** A digest of all that dist/tsrun-native is made of. */
export function nativeInputs() {
  const files = filesBelow(INPUTS, [...ENDINGS, "dist/init"]);
  return digestOf(files, COMPILER, process.env.TSRUN_QUICKJS ?? "", commit());
}

/** Leaves a file whose content is right as it is, so that make sees when it last changed. */
function refresh(path, content) {
  if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(content))) replaceFile(path, content);
}

/** The folder of a target's objects, and a function that makes things there. */
function workshop(target, init) {
  const folder = at("dist/cache/native", digestOf([at("addon/native/Makefile")], target).slice(0, 16));
  mkdirSync(folder, { recursive: true });
  const variables = {
    ROOT: at(),
    CXX: target.cxx,
    CXXFLAGS: target.flags.map((flag) => `'${flag}'`).join(" "),
    CC: target.cc,
    QUICKJS: target.sources,
    ENGINE: target.engine.join(" "),
    INCLUDE: target.include,
    INIT: init,
  };
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const command = ["-s", "-j2", "-C", folder, "-f", at("addon/native/Makefile"), ...settings];
  const make = (...more) => run(process.env.MAKE || "make", [...command, ...more]);
  return { folder, make };
}

/** The walker for the machine: dist/init, or one made by its cross compiler. */
function initFor({ cxx }) {
  if (MACHINE === "") return at("dist/init");
  const init = at("dist/cache/native", `init-${MACHINE}`);
  mkdirSync(at("dist/cache/native"), { recursive: true });
  run("sh", [at("addon/init/build.sh"), init, cxx]);
  return init;
}

/** Compiles a TypeScript file and all it imports to bytecode, in `folder`; gives its path. */
async function compileProgram(entry, folder) {
  const compiler = workshop(chooseTarget(""), "");
  compiler.make("compile");
  const [source, bytecode] = ["program.js", "program.bin"].map((name) => join(folder, name));
  await bundleProgram(entry, source);
  run(join(compiler.folder, "compile"), [source, `${bytecode}.new`]);
  refresh(bytecode, readFileSync(`${bytecode}.new`));
  return bytecode;
}

/**
 * Makes an executable of a TypeScript file that exports `prepare` and `start`, as runtime/host/native-main.ts does.
 * Throws a BuildError that says what is missing.
 */
export async function buildExecutable(entry, output) {
  const target = chooseTarget(MACHINE);
  const { folder, make } = workshop(target, initFor(target));
  const own = join(folder, basename(output));
  mkdirSync(own, { recursive: true });
  const bytecode = await compileProgram(entry, own);
  refresh(join(folder, "errors.inc"), await errorTexts());
  const plain = join(own, "plain");
  make(`PROGRAM=${bytecode}`, `PLAIN=${plain}`, plain);
  writeImage(plain, output, MACHINE);
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
