// The heap of the native executable: what the engine has made of the program, put where addon/native/heap.cc looks.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "../build/tools.mjs";
import { inMode, MODES, withHeap } from "./elf.mjs";

const why = (done) => done.error?.message ?? done.stderr?.toString().trim();

/** Runs the executable in one of the modes that only the build knows; `runner` is what runs such programs here. */
function execute({ path, runner }, args, options) {
  const [command, ...words] = [...runner, path, ...args];
  const done = spawnSync(command, words, { maxBuffer: 1 << 28, timeout: 60_000, env: {}, ...options });
  if (done.output === null || done.status === null) throw new BuildError(`the program can't be prepared: ${why(done)}`);
  return done;
}

/** Calls that change nothing and whose use of memory is much like that of the calls that matter; then those, played. */
function rehearsals(folder) {
  const root = ["--root", join(folder, "state")];
  return [
    ["--version"],
    ...["state", "start", "delete", "kill"].map((verb) => [...root, verb, "none"]),
    [...root, "exec", "none", "true"],
    [...root, "create", "-b", join(folder, "none"), "none"],
    ["life", folder, "0"],
    ["life", folder, "1"],
  ];
}

const READ = 1;
const WRITTEN = 2;

/** What a rehearsal tells of every block: see addon/native/layout.h. */
function usesIn(told) {
  return Array.from({ length: told.length / 8 }, (_, at) => ({
    units: told.readUInt32LE(at * 8),
    use: told.readUInt32LE(at * 8 + 4),
  }));
}

/** One rehearsal. That something failed on the stage makes the layout worse, and nothing else. */
function rehearseOne(program, words) {
  const done = execute(program, words, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  if (done.output[3].length === 0) throw new BuildError(`the program can't be prepared: ${why(done)}`);
  if (done.status !== 0) console.error(`native: rehearsal of ${words[0]}: ${why(done).replaceAll("\n", ", ")}`);
  return usesIn(done.output[3]);
}

/** Every block's size in units, and in how many of the rehearsals it was read and written. */
function rehearse(program, folder) {
  mkdirSync(join(folder, "rootfs"), { recursive: true });
  try {
    const all = rehearsals(folder).map((words) => rehearseOne(program, words));
    return all[0].map(({ units }, block) => {
      const uses = all.map((one) => one[block].use);
      const count = (least) => uses.filter((use) => use >= least).length;
      return { block, units, read: count(READ), written: count(WRITTEN) };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Each block's place and size: first what is written, then what is read, each by how often. A page that is only read
 * is shared with the file, and one that is not needed is not even mapped.
 */
function layoutOf(blocks) {
  const layout = Buffer.alloc(blocks.length * 8);
  let place = 0;
  for (const { block, units } of blocks.toSorted((a, b) => b.written - a.written || b.read - a.read)) {
    layout.writeUInt32LE(place, block * 8);
    layout.writeUInt32LE(units, block * 8 + 4);
    place += units;
  }
  return layout;
}

/** Runs `work` with the executable in a mode, which is gone afterwards. */
function inFile(plain, mode, path, runner, work) {
  writeFileSync(path, inMode(plain, mode), { mode: 0o755 });
  try {
    return work({ path, runner });
  } finally {
    rmSync(path, { force: true });
  }
}

/** What runs programs of that machine here: nothing more for this one, else qemu's emulator, or undefined. */
function runnerFor(machine) {
  if (machine === "") return [];
  const name = `qemu-${machine.split("-")[0]}`;
  const found = [`${name}-static`, name].find((command) => spawnSync(command, ["--version"]).status === 0);
  return found === undefined ? undefined : [found];
}

function heapOf(plain, output, runner) {
  const path = `${output}.writer`;
  const blocks = inFile(plain, MODES.rehearse, path, runner, (program) => rehearse(program, `${output}.bundle`));
  return inFile(plain, MODES.write, path, runner, (program) => {
    const done = execute(program, [], { input: layoutOf(blocks) });
    if (done.status === 0 && done.stdout.length > 0) return done.stdout;
    throw new BuildError(`the program can't be prepared: ${why(done)}`);
  });
}

/**
 * Writes `output`: the executable `plainPath` with a heap in place of the bytecode, so that it starts where the
 * bytecode would have led it. Both have the same code at the same addresses, which the heap is full of.
 * A program for a machine that can't be emulated here stays as it is, and reads its bytecode at each start.
 */
export function writeImage(plainPath, output, machine) {
  const plain = readFileSync(plainPath);
  const runner = runnerFor(machine);
  const image = runner === undefined ? plain : withHeap(plain, heapOf(plain, output, runner));
  writeFileSync(`${output}.new`, image);
  chmodSync(`${output}.new`, 0o755);
  renameSync(`${output}.new`, output);
}
