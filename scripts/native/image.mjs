// The heap of the native executable: what the engine has made of the program, put where addon/native/heap.cc looks.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "../build/tools.mjs";
import { inMode, MODES, withHeap } from "./elf.mjs";

const PAGE = 4096;
const UNIT = 16;
/** Where a block's size is, in the page that it begins on (addon/native/layout.cc). */
const SIZE_AT = 8;
/** Where the heap says that it is watched (addon/native/heap.cc). */
const WATCHED_AT = 4;

/** Runs the bytes of a program; its stdout, or what else `output` says. */
function execute(path, content, runner, args = [], options = {}) {
  writeFileSync(path, content, { mode: 0o755 });
  try {
    const [command, ...words] = [...runner, path, ...args];
    return spawnSync(command, words, { maxBuffer: 1 << 28, env: {}, ...options });
  } finally {
    rmSync(path, { force: true });
  }
}

function heapOf(plain, mode, path, runner, layout) {
  const done = execute(path, inMode(plain, mode), runner, [], { input: layout });
  if (done.status === 0 && done.stdout.length > 0) return done.stdout;
  throw new BuildError(`the program can't be prepared: ${done.error?.message ?? done.stderr.toString().trim()}`);
}

/** The blocks of a heap that was written with every block on pages of its own: first page, and size in units. */
function blocksOf(spread) {
  const blocks = [];
  for (let page = 1; page * PAGE < spread.length; ) {
    const size = Number(spread.readBigUInt64LE(page * PAGE + SIZE_AT));
    if (size === 0 || size % UNIT !== 0) throw new Error(`a block of ${size} bytes on page ${page}`);
    blocks.push({ page, units: size / UNIT });
    page += Math.ceil((size + SIZE_AT) / PAGE);
  }
  return blocks;
}

/** Calls that change nothing, of any user, and whose memory is much like that of the calls that matter. */
function rehearsals(folder) {
  const root = ["--root", join(folder, "state")];
  const bundle = ["-b", folder];
  return [
    ["--version"],
    ...["state", "start", "delete", "kill"].map((verb) => [...root, verb, "none"]),
    [...root, "exec", "none", "true"],
    [...root, "create", "-b", join(folder, "none"), "none"],
    ["plan", ...bundle],
  ];
}

/** The heap of a program that tells which pages it has written to. */
function watched(heap) {
  const copy = Buffer.from(heap);
  copy.writeUInt32LE(1, WATCHED_AT);
  return copy;
}

/** For every block, in how many rehearsals it was written to; all 0 where /proc/self/pagemap tells nothing. */
function rehearse(plain, spread, blocks, path) {
  const folder = `${path}.bundle`;
  const counts = new Uint8Array(blocks.length);
  mkdirSync(join(folder, "rootfs"), { recursive: true });
  try {
    const program = withHeap(plain, watched(spread));
    const options = { stdio: ["ignore", "ignore", "ignore", "pipe"] };
    for (const words of [["spec", "-b", folder], ...rehearsals(folder)]) {
      const done = execute(path, program, [], words, options);
      const touched = done.output?.[3] ?? Buffer.alloc(0);
      if (touched.length === 0) return counts.fill(0);
      blocks.forEach(({ page, units }, index) => {
        const pages = Math.ceil((units * UNIT + SIZE_AT) / PAGE);
        counts[index] += touched.subarray(page, page + pages).includes(1) ? 1 : 0;
      });
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each block's place and size, what is written to most first: a page that stays as it is costs nothing. */
function layoutOf(blocks, counts) {
  const order = [...blocks.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
  const layout = Buffer.alloc(blocks.length * 8);
  let place = 0;
  for (const index of order) {
    layout.writeUInt32LE(place, index * 8);
    layout.writeUInt32LE(blocks[index].units, index * 8 + 4);
    place += blocks[index].units;
  }
  return layout;
}

/** What runs programs of that machine here: nothing more for this one, else qemu's emulator, or undefined. */
function runnerFor(machine) {
  if (machine === "") return [];
  const name = `qemu-${machine.split("-")[0]}`;
  const found = [`${name}-static`, name].find((command) => spawnSync(command, ["--version"]).status === 0);
  return found === undefined ? undefined : [found];
}

function heapInOrder(plain, path, runner) {
  const spread = heapOf(plain, MODES.spread, path, runner, "");
  const blocks = blocksOf(spread);
  // The addresses of an emulated program are not those of the process.
  const emulated = runner.length > 0;
  const counts = emulated ? new Uint8Array(blocks.length) : rehearse(plain, spread, blocks, path);
  return heapOf(plain, MODES.write, path, runner, layoutOf(blocks, counts));
}

/**
 * Writes `output`: the executable `plainPath` with a heap in place of the bytecode, so that it starts where the
 * bytecode would have led it. Both have the same code at the same addresses, which the heap is full of.
 * A program for a machine that can't be emulated here stays as it is, and reads its bytecode at each start.
 */
export function writeImage(plainPath, output, machine) {
  const plain = readFileSync(plainPath);
  const runner = runnerFor(machine);
  const image = runner === undefined ? plain : withHeap(plain, heapInOrder(plain, `${output}.writer`, runner));
  writeFileSync(`${output}.new`, image);
  chmodSync(`${output}.new`, 0o755);
  renameSync(`${output}.new`, output);
}
