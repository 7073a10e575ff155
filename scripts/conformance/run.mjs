// Runs the validation programs, several at once, each in a shelter of its own.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at } from "../build/digest.mjs";
import { INSIDE, ROOTFS } from "./programs.mjs";
import { judge } from "./tap.mjs";

const SHELTER = at("scripts", "conformance", "shelter.sh");
const NAMESPACES = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc"];
const LIMIT = 120_000;
/** What is killed with its pid namespace is gone soon, but not at once. */
const TRIES = 20;

/** Why no program can be run here, or undefined. */
export function hindrance() {
  if (process.getuid() !== 0) return "needs root";
  if (process.arch !== "x64") return `comes without a root filesystem for ${process.arch}`;
  if (!/^\d+:(?!name=)[^:]+:/m.test(readFileSync("/proc/self/cgroup", "utf8"))) {
    return "the programs know cgroup v1 only, which this host does not use";
  }
  if (!existsSync("/proc/self/ns/cgroup")) return "needs cgroup namespaces";
  return undefined;
}

/** Runs programs with a runtime; `tell(name, result)` after each. Returns { NAME: { verdict, tests, reason, seconds } }. */
export async function runPrograms({ folder, names }, runtime, jobs, tell) {
  const results = {};
  const queue = [...names];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      results[name] = await runProgram(folder, name, runtime);
      tell(name, results[name]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return Object.fromEntries(names.map((name) => [name, results[name]]));
}

async function runProgram(programs, name, runtime) {
  const id = `tsrun-conformance-${randomBytes(6).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), `${id}-`));
  try {
    // Who is root in a user namespace only has to get to the bundle.
    chmodSync(folder, 0o755);
    for (const below of ["tmp", "hierarchies"]) mkdirSync(join(folder, below));
    symlinkSync(join(programs, ROOTFS), join(folder, ROOTFS));
    // The programs copy what they find, a link as a link.
    copyFileSync(join(programs, INSIDE), join(folder, INSIDE));
    const started = performance.now();
    const done = await sheltered(id, folder, join(programs, name), runtime);
    return { ...judge(name, done), seconds: (performance.now() - started) / 1000 };
  } finally {
    clean(id, folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

function sheltered(id, folder, program, runtime) {
  const { NODE_OPTIONS, NODE_EXTRA_CA_CERTS, ...env } = process.env;
  Object.assign(env, { RUNTIME: runtime, TMPDIR: join(folder, "tmp") });
  const child = spawn("unshare", [...NAMESPACES, "sh", SHELTER, "join", id, folder, program], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8").on("data", (text) => {
      output[stream] += text;
    });
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT);
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, ...output });
    });
  });
}

function clean(id, folder) {
  for (let left = TRIES; ; left -= 1) {
    const args = ["--mount", "sh", SHELTER, "clean", id, folder];
    const done = spawnSync("unshare", args, { encoding: "utf8" });
    if (done.status === 0) return;
    if (left === 0) throw new Error(`cgroups called ${id} can't be removed: ${done.stderr}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}
