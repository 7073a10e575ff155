import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./digest.mjs";

/** What stops the build with one sentence. */
export class BuildError extends Error {}

/** Runs a command in the checkout; its output is shown only when it fails. */
export function run(command, args, options = {}) {
  const env = { ...process.env, ...options.env };
  const done = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28, ...options, env });
  if (done.error?.code === "ENOENT") throw new BuildError(`${command} is not installed`);
  if (done.error) throw done.error;
  if (done.status !== 0) {
    const how = done.status === null ? `was killed by ${done.signal}` : `ended with ${done.status}`;
    throw new BuildError(`${done.stdout ?? ""}${done.stderr ?? ""}${command} ${how}`);
  }
  return done.stdout;
}

const works = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

/** The C++ compiler, as $CXX or what is usual. */
export const COMPILER = process.env.CXX || ["c++", "g++", "clang++"].find(works) || "";

/** Stops when a tool that compiling needs is missing, and says how to get it. */
export function requireCompilers() {
  const missing = [];
  if (!COMPILER || !works(COMPILER)) missing.push("g++");
  if (!works(process.env.MAKE || "make")) missing.push("make");
  if (!works(process.env.PYTHON || "python3")) missing.push("python3");
  if (missing.length === 0) return;
  const packages = missing.join(" ");
  throw new BuildError(
    `the C++ core can't be compiled without ${missing.join(", ")}: install with \`apt-get install -y ${packages}\`, or your distribution's equivalent`,
  );
}

/** `--nodedir=PREFIX` when the headers of this very node are installed, else nothing (node-gyp downloads them). */
export function headerOption() {
  const prefix = dirname(dirname(process.execPath));
  const header = join(prefix, "include", "node", "node_version.h");
  if (!existsSync(header)) return [];
  const text = readFileSync(header, "utf8");
  const number = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  const version = `v${number("MAJOR")}.${number("MINOR")}.${number("PATCH")}`;
  return version === process.version ? [`--nodedir=${prefix}`] : [];
}
