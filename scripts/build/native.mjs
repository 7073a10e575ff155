import { copyFileSync, existsSync, readFileSync, renameSync } from "node:fs";
import { at, replaceFile } from "./digest.mjs";
import { COMPILER, headerOption, requireCompilers, run } from "./tools.mjs";

/** For a program that brings its own entry point and makes its system calls itself. */
const FREESTANDING = [
  "-std=c++17",
  "-Os",
  "-ffreestanding",
  "-fno-exceptions",
  "-fno-rtti",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fno-tree-loop-distribute-patterns",
  "-fno-threadsafe-statics",
  "-fno-pie",
  "-ffunction-sections",
  "-fdata-sections",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-static",
  "-no-pie",
  "-nostdlib",
  "-nostartfiles",
  "-Wl,--gc-sections,--build-id=none,-z,noexecstack",
  "-s",
];

function compileAlone(sources, output, ...more) {
  requireCompilers();
  run(COMPILER, [...FREESTANDING, ...more, "-o", at(`${output}.new`), ...sources]);
  renameSync(at(`${output}.new`), at(output));
}

/** dist/init: the walker, which the addon embeds. */
export function buildInit() {
  requireCompilers();
  run("sh", [at("addon/init/build.sh"), at("dist/init.new"), COMPILER]);
  renameSync(at("dist/init.new"), at("dist/init"));
}

/** dist/tsrun: what starts Node on the bundle. */
export function buildLauncher() {
  compileAlone([at("addon/launcher/main.cc")], "dist/tsrun", `-DNODE=${JSON.stringify(process.execPath)}`);
}

/** dist/tsrun.node: core and N-API binding, by node-gyp. */
export function buildAddon() {
  requireCompilers();
  const gyp = at("node_modules/node-gyp/bin/node-gyp.js");
  const options = ["-C", at("addon"), "--jobs=2", "--loglevel=warn", ...headerOption()];
  const env = { CXX: COMPILER };
  if (needsConfigure()) run(process.execPath, [gyp, "configure", ...options], { env });
  run(process.execPath, [gyp, "build", ...options], { env });
  copyFileSync(at("addon/build/Release/tsrun.node"), at("dist/tsrun.node.new"));
  renameSync(at("dist/tsrun.node.new"), at("dist/tsrun.node"));
  replaceFile(at("addon/build/configured-for"), configuration());
}

const configuration = () => `${process.execPath} ${process.version} ${readFileSync(at("addon/binding.gyp"), "utf8")}`;

function needsConfigure() {
  const record = at("addon/build/configured-for");
  return !existsSync(record) || readFileSync(record, "utf8") !== configuration();
}
