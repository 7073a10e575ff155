// The test suites, and how each is run and counted.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const TSRUN = join(ROOT, "dist", "tsrun");
export const RUNC = ["/usr/sbin/runc", "/usr/bin/runc"].find((path) => existsSync(path));
export const CRUN = ["/usr/bin/crun", "/usr/sbin/crun"].find((path) => existsSync(path));

/**
 * `root`: needs root. `runtime`: the executable under test, when it is not dist/tsrun. `quick`: part of `npm test`.
 * `short`: what the environment has when the suite is only a part of `npm test`, and not asked for by name.
 * crun 1.8.1 is wrong in more ways than the tests name: its suite is there to be asked for by name, and part of nothing.
 */
export const SUITES = [
  { name: "unit", folder: "unit", root: false, quick: true },
  { name: "plan", folder: "plan", root: false, quick: true },
  { name: "native", folder: "native", root: true, quick: true },
  { name: "integration", folder: "integration", root: true, quick: true },
  { name: "integration-runc", folder: "integration", root: true, quick: true, runtime: RUNC ?? "runc" },
  {
    name: "integration-crun",
    folder: "integration",
    root: true,
    quick: false,
    runtime: CRUN ?? "crun",
    onlyByName: true,
  },
  { name: "differential", folder: "differential", root: true, quick: true },
  { name: "clients", folder: "clients", root: true, quick: true, short: { TSRUN_QUICK: "1" } },
  { name: "clients-runc", folder: "clients", root: true, quick: false, runtime: RUNC ?? "runc" },
  { name: "conformance", folder: "conformance", root: true, quick: false },
];

const isRoot = process.getuid() === 0;

/** A suite that has not ended after so many milliseconds hangs: it is killed, and that is a failure. */
const LIMIT = 12 * 60_000;

/** Why a suite can't be run here, or undefined. */
export function hindrance(suite) {
  if (suite.root && !isRoot) return "needs root";
  if (suite.runtime !== undefined && !existsSync(suite.runtime)) return `${suite.runtime} is not installed`;
  if (!existsSync(join(ROOT, "dist", "js", "test", suite.folder))) return "has no tests yet";
  return undefined;
}

/**
 * As root, each suite runs in a pid namespace of its own: whatever a test leaves behind ends with it,
 * and orphans are reaped by the shell that is pid 1 there, not left as zombies to a slow one.
 */
function shelter(command) {
  if (!isRoot) return command;
  return ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", '"$@"; exit $?', "sh", ...command];
}

function jestCommand(suite, report, extra) {
  const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
  const jest = join(ROOT, "node_modules", "jest", "bin", "jest.js");
  const tests = join(ROOT, "dist", "js", "test", suite.folder);
  return [process.execPath, ...flags, jest, tests, "--json", `--outputFile=${report}`, ...extra];
}

/** The reason that a skipped test bears in its name, between `[skipped: ` and `]`. */
const reasonOf = (title) => /\[skipped: (.*)\]$/.exec(title)?.[1] ?? "no reason given";

function countReport(file) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  const skipped = new Map();
  let failed = report.numFailedTests;
  for (const result of report.testResults) {
    // A file that can't be loaded, or whose after-all check failed, has no failing test of its own.
    const failing = result.assertionResults.some((test) => test.status === "failed");
    if (result.status === "failed" && !failing) failed += 1;
    for (const test of result.assertionResults) {
      if (test.status !== "pending" && test.status !== "todo") continue;
      const reason = reasonOf(test.title);
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    }
  }
  return { passed: report.numPassedTests, failed, skipped };
}

/**
 * Runs a suite, with `extra` arguments of jest and `more` in its environment; its output goes to this process's own.
 * Returns { name, passed, failed, skipped: Map(reason, count), seconds }.
 */
export function runSuite(suite, extra = [], more = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tsrun-report-"));
  const report = join(folder, "report.json");
  const started = performance.now();
  const { NODE_OPTIONS, NODE_EXTRA_CA_CERTS, ...env } = process.env;
  if (suite.runtime === undefined) env.TSRUN ??= TSRUN;
  else env.TSRUN = suite.runtime;
  Object.assign(env, more);
  const [command, ...args] = shelter(jestCommand(suite, report, extra));
  try {
    const limits = { timeout: LIMIT, killSignal: "SIGKILL" };
    const done = spawnSync(command, args, { cwd: ROOT, env, stdio: "inherit", ...limits });
    const seconds = (performance.now() - started) / 1000;
    if (!existsSync(report)) {
      const how = done.error?.message ?? done.signal ?? `ended with ${done.status}`;
      console.error(`${suite.name}: jest gave no report: ${how}`);
      return { name: suite.name, passed: 0, failed: 1, skipped: new Map(), seconds };
    }
    const counted = countReport(report);
    if (done.error?.code === "ETIMEDOUT") {
      console.error(`${suite.name}: all tests ended, but something they left open did not`);
      counted.failed += 1;
    }
    return { name: suite.name, ...counted, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The sums of several suites: { passed, failed, skipped: Map(reason, count) }. */
export function total(results) {
  const sum = { passed: 0, failed: 0, skipped: new Map() };
  for (const { passed, failed, skipped } of results) {
    sum.passed += passed;
    sum.failed += failed;
    for (const [reason, count] of skipped) sum.skipped.set(reason, (sum.skipped.get(reason) ?? 0) + count);
  }
  return sum;
}

/** Runs another script of this folder with inherited output; true when it ended well. */
export function runScript(name, args = []) {
  return (
    spawnSync(process.execPath, [join(ROOT, "scripts", name), ...args], { cwd: ROOT, stdio: "inherit" }).status === 0
  );
}
