// npm test [-- --only unit,plan,native,integration,integration-runc,differential,clients] [--no-install] [-- JEST-ARGUMENTS]
// Installs what is missing, builds, runs the suites; the last line is `N passed, N failed`.
import { parseArgs } from "node:util";
import { installSystem } from "./install.mjs";
import { hindrance, runScript, runSuite, SUITES, total } from "./suites.mjs";

const split = process.argv.indexOf("--");
const own = split < 0 ? process.argv.slice(2) : process.argv.slice(2, split);
const jestArguments = split < 0 ? [] : process.argv.slice(split + 1);
const { values } = parseArgs({
  args: own,
  options: { only: { type: "string" }, "no-install": { type: "boolean" } },
});

const wanted = values.only?.split(",");
const unknown = wanted?.filter((name) => !SUITES.some((suite) => suite.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`test: no suite ${unknown.join(", ")}: there are ${SUITES.map((suite) => suite.name).join(", ")}`);
  process.exit(2);
}
const suites = SUITES.filter((suite) => (wanted === undefined ? suite.quick : wanted.includes(suite.name)));

const purposes = ["build", "demo", "test"];
if (suites.some((suite) => suite.folder === "clients")) purposes.push("clients");
const missing = values["no-install"] ? [] : installSystem(purposes);
if (missing.length > 0) console.error(`test: without ${missing.join(", ")} some tests fail or are skipped`);

const results = [];
if (!runScript("build.mjs")) {
  results.push({ name: "build", passed: 0, failed: 1, skipped: new Map(), seconds: 0 });
}
for (const suite of suites) {
  const reason = hindrance(suite);
  if (reason !== undefined) {
    console.log(`\n== ${suite.name}: left out: ${reason}`);
    continue;
  }
  console.log(`\n== ${suite.name}`);
  results.push(runSuite(suite, jestArguments, wanted === undefined ? suite.short : {}));
}

const { passed, failed, skipped } = total(results);
console.log("");
for (const { name, passed: yes, failed: no, seconds } of results) {
  console.log(
    `${name.padEnd(18)} ${String(yes).padStart(5)} passed ${String(no).padStart(4)} failed  ${seconds.toFixed(0)} s`,
  );
}
for (const [reason, count] of skipped) console.log(`skipped ${count}: ${reason}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
