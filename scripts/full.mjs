// npm run full: everything there is, without limits of time, and the table of it in docs/full-run.md.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { join } from "node:path";
import { installSystem } from "./install.mjs";
import { CRUN, hindrance, ROOT, RUNC, runSuite, SUITES, TSRUN, total } from "./suites.mjs";

const SCENARIO_RUNTIMES = [
  ["tsrun", TSRUN],
  ["runc", RUNC],
  ["crun", CRUN],
];

/** Runs a command with inherited output as if it were a suite of one test. */
function single(name, command, args) {
  console.log(`\n== ${name}`);
  const started = performance.now();
  const done = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
  const well = done.status === 0;
  const seconds = (performance.now() - started) / 1000;
  return { name, passed: well ? 1 : 0, failed: well ? 0 : 1, skipped: new Map(), seconds };
}

function everything() {
  const results = [single("build", process.execPath, ["scripts/build.mjs"])];
  results.push(single("lint", join(ROOT, "node_modules/.bin/biome"), ["check", "."]));
  for (const suite of SUITES.filter((one) => !one.onlyByName)) {
    const reason = hindrance(suite);
    console.log(`\n== ${suite.name}${reason === undefined ? "" : `: left out: ${reason}`}`);
    if (reason === undefined) results.push(runSuite(suite));
    else results.push({ name: suite.name, passed: 0, failed: 0, skipped: new Map([[reason, 1]]), seconds: 0 });
  }
  for (const [kind, path] of SCENARIO_RUNTIMES) {
    if (path === undefined) continue;
    const args = ["bundles/scenario.mjs", "all", "--runtime", path];
    results.push(single(`scenarios with ${kind}`, process.execPath, args));
  }
  results.push(single("demo", process.execPath, ["scripts/demo.mjs"]));
  return results;
}

const firstLine = (command, args) =>
  (spawnSync(command, args, { encoding: "utf8" }).stdout ?? "").split("\n", 1)[0]?.trim() || "not installed";

const system = () => /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown";

const cgroups = () =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => / - (cgroup2?) /.exec(line)?.[1])
    .reduce((kinds, kind) => (kind ? kinds.add(kind === "cgroup" ? "v1" : "v2") : kinds), new Set());

function document(results) {
  const { passed, failed, skipped } = total(results);
  const facts = [
    ["date", new Date().toISOString().slice(0, 16).replace("T", " ")],
    ["commit", firstLine("git", ["-C", ROOT, "rev-parse", "--short", "HEAD"])],
    ["system", `${system()}, Linux ${release().split("-", 1)[0]}, ${availableParallelism()} CPUs`],
    ["cgroups", [...cgroups()].sort().join(" and ")],
    ["node", process.version],
    ["runc", firstLine(RUNC ?? "runc", ["--version"])],
    ["crun", firstLine(CRUN ?? "crun", ["--version"])],
  ];
  const rows = results.map(({ name, passed: yes, failed: no, skipped: left, seconds }) => {
    const count = [...left.values()].reduce((sum, one) => sum + one, 0);
    return `| ${name} | ${yes} | ${no} | ${count} | ${seconds.toFixed(0)} |`;
  });
  const reasons = [...skipped].sort(([, a], [, b]) => b - a).map(([reason, count]) => `| ${count} | ${reason} |`);
  return [
    "# The last full run",
    "",
    "Written by `npm run full`.",
    "",
    ...facts.map(([key, value]) => `- ${key}: ${value}`),
    "",
    "| suite | passed | failed | skipped | seconds |",
    "|---|---|---|---|---|",
    ...rows,
    `| all | ${passed} | ${failed} | ${[...skipped.values()].reduce((sum, one) => sum + one, 0)} | |`,
    "",
    "## Why tests were skipped",
    "",
    "| tests | reason |",
    "|---|---|",
    ...reasons,
    "",
  ].join("\n");
}

installSystem(["build", "demo", "test", "clients"]);
const results = everything();
mkdirSync(join(ROOT, "docs"), { recursive: true });
writeFileSync(join(ROOT, "docs", "full-run.md"), document(results));
const { passed, failed } = total(results);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
