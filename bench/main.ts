/** `npm run bench`: runtimes interleaved in random order, back-to-back and with idle gaps, in one run. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { busyboxRootfs } from "../bundles/busybox.ts";
import { template, toJson } from "../bundles/config.ts";
import "../runtime/host/node.ts";
import { port } from "../runtime/host/port.ts";
import type { Cost } from "./child.ts";
import { CASES, type Case, endKeeper, peaks, type Runtime, startKeeper } from "./runtimes.ts";
import { HEAD, rows, type Series } from "./table.ts";

const AGAINST = "crun";
const GAP_MS = 30;
const RESIDENT_WARM_UP = 150;
const TSRUN = join(import.meta.dirname, "..", "..", "tsrun");

interface Size {
  readonly rounds: number;
  readonly warmUp: number;
}

function runtimes(folder: string): Runtime[] {
  const candidates = [
    { name: "tsrun (library)", path: "" },
    { name: "tsrun", path: TSRUN },
    { name: "tsrun (native)", path: `${TSRUN}-native` },
    { name: "crun", path: "/usr/bin/crun" },
    { name: "runc", path: "/usr/sbin/runc" },
  ];
  return candidates
    .filter(({ path }) => path === "" || existsSync(path))
    .map(({ name, path }, index) => ({ name, path, root: join(folder, `root${index}`) }));
}

async function makeBundle(folder: string, name: string, args: string[]): Promise<string> {
  const config = template();
  config.process.args = args;
  config.root.path = await busyboxRootfs();
  const bundle = join(folder, name);
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, "config.json"), toJson(config));
  return bundle;
}

async function measure(
  what: Case,
  all: readonly Runtime[],
  bundle: string,
  gap: number,
  size: Size,
): Promise<Series[]> {
  const costs = new Map<string, Cost[]>(all.map(({ name }) => [name, []]));
  for (let round = -size.warmUp; round < size.rounds; round++) {
    for (const runtime of shuffled(all)) {
      const measured = what(runtime, bundle, `bench-${process.pid}-${round + size.warmUp}`);
      if (measured === undefined) continue;
      const cost = await measured;
      if (round >= 0) costs.get(runtime.name)?.push(cost);
      if (gap > 0) await pause(gap);
    }
  }
  return [...costs].filter(([, list]) => list.length > 0).map(([name, list]) => ({ name, costs: list }));
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

async function main(quick: boolean): Promise<void> {
  const size = quick ? { rounds: 25, warmUp: 3 } : { rounds: 60, warmUp: 5 };
  port().setSubreaper(true);
  // State belongs on a tmpfs, as /run is: a disk would be measured instead of the runtimes.
  const folder = mkdtempSync("/dev/shm/tsrun-bench-");
  const all = runtimes(folder);
  const lines = [
    `Kernel ${release()}, ${cpus().length} CPUs (${cpus()[0]?.model ?? "unknown"}), Node ${process.version}.`,
  ];
  try {
    for (const { root } of all) mkdirSync(root, { recursive: true });
    const short = await makeBundle(folder, "true", ["/bin/true"]);
    const long = await makeBundle(folder, "sleep", ["/bin/sleep", "100000"]);
    for (const runtime of all) await startKeeper(runtime, long);
    for (let turn = 0; turn < RESIDENT_WARM_UP; turn++) await warm(all, short, turn);
    for (const [name, what] of Object.entries(CASES).filter(([name]) => name.includes(wantedCase()))) {
      for (const gap of [0, GAP_MS]) {
        const series = await measure(what, all, short, gap, size);
        lines.push("", `### ${name}, ${gap === 0 ? "back-to-back" : `${gap} ms gaps`}`, "", HEAD(AGAINST));
        lines.push(...rows(series, AGAINST));
      }
    }
    lines.push("", "### Peak memory, MB", "", "| | create | start | state | delete |", "|---|---|---|---|---|");
    for (const runtime of all) {
      const found = await peaks(runtime, long);
      if (found)
        lines.push(
          `| ${runtime.name} | ${Object.values(found)
            .map((size) => size.toFixed(1))
            .join(" | ")} |`,
        );
    }
  } finally {
    for (const runtime of all) await endKeeper(runtime).catch((error: Error) => console.error(error.message));
    rmSync(folder, { recursive: true, force: true });
  }
  report(lines);
}

/** A resident process has long compiled what it runs: a round for it alone, not counted. */
async function warm(all: readonly Runtime[], bundle: string, turn: number): Promise<void> {
  for (const runtime of all.filter(({ path }) => path === "")) {
    await CASES["create + start + wait + delete"]?.(runtime, bundle, `warm-${process.pid}-${turn}`);
  }
}

/** `--case=WORDS`: only the cases that have these words in their name. */
function wantedCase(): string {
  return process.argv.find((argument) => argument.startsWith("--case="))?.slice("--case=".length) ?? "";
}

function report(lines: readonly string[]): void {
  const text = `${lines.join("\n")}\n`;
  process.stdout.write(text);
  const file = process.argv.find((argument) => argument.startsWith("--write="))?.slice("--write=".length);
  if (file === undefined) return;
  const date = new Date().toISOString().slice(0, 10);
  const head = existsSync(file) ? readFileSync(file, "utf8").split("\n## ")[0] : "# Performance\n";
  writeFileSync(file, `${head?.trimEnd()}\n\n## Measured ${date}\n\n${text}`);
}

await main(process.argv.includes("--quick"));
