// What the native executable is compiled with: compiler, C library, flags.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at } from "../build/digest.mjs";
import { BuildError, COMPILER, requireCompilers, run } from "../build/tools.mjs";
import { installedLibrary, sourceFolder } from "../quickjs.mjs";

/**
 * How to build, by what works here. `machine` names the cross compiler to use (`aarch64-linux-gnu`), or is empty.
 * QuickJS is an installed library where one can be linked, else it is built from source; then musl is preferred to
 * glibc, whose start alone takes longer than that of the whole program.
 */
export function chooseTarget(machine) {
  requireCompilers();
  const compilers = compilersFor(machine);
  const library = machine === "" ? installedLibrary() : undefined;
  if (library !== undefined) {
    const target = { ...plain(compilers), include: library.include, engine: [library.library], sources: "" };
    if (links(target, PROBE_ENGINE)) return target;
  }
  const source = sourceFolder();
  const built = { include: source, engine: [], sources: source };
  for (const target of [machine === "" ? musl(compilers.cxx) : undefined, plain(compilers)]) {
    if (target !== undefined && links({ ...target, ...built }, PROBE)) return { ...target, ...built };
  }
  throw new BuildError(`a static program can't be linked with ${compilers.cxx}: install libc6-dev or musl-tools`);
}

function compilersFor(machine) {
  if (machine !== "") return { cxx: `${machine}-g++`, cc: `${machine}-gcc` };
  return { cxx: COMPILER, cc: process.env.CC || "cc" };
}

const plain = ({ cxx, cc }) => ({ cxx, cc, flags: [] });

/** The search path for headers of a compiler, in order. */
function includesOf(compiler, language) {
  const done = spawnSync(compiler, ["-E", "-v", "-x", language, "/dev/null"], { encoding: "utf8" });
  if (done.status !== 0) return [];
  const lines = done.stderr.split("\n").map((line) => line.trim());
  const first = lines.findIndex((line) => line.startsWith("#include <...>")) + 1;
  return lines.slice(first, lines.indexOf("End of search list."));
}

/** Debian's musl knows C only: the C++ headers are the system's, told that there is no glibc behind them. */
function musl(cxx) {
  const cc = "musl-gcc";
  const own = includesOf(cc, "c");
  if (own.length === 0) return undefined;
  const standard = includesOf(cxx, "c++").filter((path) => /\/c\+\+(\/|$)/.test(path));
  const headers = [...own, kernelHeaders(cxx)].flatMap((path) => ["-isystem", path]);
  const without = ["-D__GLIBC_PREREQ(a,b)=0", "-D__locale_t=locale_t", "-D__rlimit_resource=int"];
  const flags = ["-nostdinc", ...standard.flatMap((path) => ["-isystem", path]), ...headers, ...without];
  return { cxx, cc, flags };
}

/** A folder with the kernel's headers alone, which musl does not bring. */
function kernelHeaders(cxx) {
  const folder = at("dist/cache/kernel-headers");
  mkdirSync(folder, { recursive: true });
  for (const name of ["linux", "asm", "asm-generic"]) {
    const found = includesOf(cxx, "c")
      .map((path) => join(path, name))
      .find(existsSync);
    rmSync(join(folder, name), { force: true });
    if (found !== undefined) symlinkSync(found, join(folder, name));
  }
  return folder;
}

const PROBE =
  "#include <string>\n#include <vector>\n#include <linux/bpf.h>\nint main() { return sizeof(std::vector<int>) == 0; }\n";
const PROBE_ENGINE =
  "#include <vector>\n#include <quickjs.h>\nint main() { return JS_NewContext(JS_NewRuntime()) == nullptr; }\n";

function links(target, text) {
  mkdirSync(at("dist/cache"), { recursive: true });
  const folder = mkdtempSync(at("dist/cache/probe-"));
  try {
    const [source, object, program] = ["probe.cc", "probe.o", "probe"].map((name) => join(folder, name));
    writeFileSync(source, text);
    const include = ["-isystem", target.include];
    run(target.cxx, ["-std=c++17", "-fno-exceptions", ...target.flags, ...include, "-c", source, "-o", object]);
    run(target.cc, ["-static", "-no-pie", object, ...target.engine, "-lm", "-o", program]);
    return true;
  } catch (error) {
    if (error instanceof BuildError) return false;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
