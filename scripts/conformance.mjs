// npm run conformance [-- --runtime PATH] [--only NAME,...] [--json FILE] [--jobs N] [--prepare]
// Runs the validation programs of opencontainers/runtime-tools with tsrun, runc and crun, and writes docs/conformance.md;
// with --runtime or --only nothing is written but what --json names. --prepare only builds the programs.
// Ends with 0 when tsrun does what is expected, 1 when it does not, 3 when the programs can't be had or run here.
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { at } from "./build/digest.mjs";
import { BuildError } from "./build/tools.mjs";
import { VERSION, validationPrograms } from "./conformance/programs.mjs";
import { document, line, passed, surprises } from "./conformance/report.mjs";
import { hindrance, runPrograms } from "./conformance/run.mjs";
import { CRUN, RUNC, TSRUN } from "./suites.mjs";

const NOT_HERE = 3;

const { values } = parseArgs({
  options: {
    runtime: { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
    jobs: { type: "string", default: "4" },
    prepare: { type: "boolean" },
  },
});

function refuse(reason) {
  console.error(`conformance: ${reason}`);
  process.exit(NOT_HERE);
}

function programs() {
  const reason = hindrance();
  if (reason !== undefined) refuse(reason);
  try {
    return validationPrograms();
  } catch (error) {
    if (error instanceof BuildError) refuse(error.message);
    throw error;
  }
}

function chosen(all, only) {
  if (only === undefined) return all;
  const names = only.split(",");
  const unknown = names.filter((name) => !all.names.includes(name));
  if (unknown.length > 0) refuse(`no program ${unknown.join(", ")}: there are ${all.names.join(", ")}`);
  return { ...all, names };
}

/** { kind, path } of what is tested, tsrun first. */
function runtimes() {
  if (values.runtime !== undefined) return [{ kind: "runtime", path: resolve(values.runtime) }];
  const all = [
    { kind: "tsrun", path: TSRUN },
    { kind: "runc", path: RUNC },
    { kind: "crun", path: CRUN },
  ];
  return all.filter(({ path }) => path !== undefined);
}

async function main() {
  const wanted = chosen(programs(), values.only);
  if (values.prepare) return;
  const runs = [];
  for (const { kind, path } of runtimes()) {
    if (!existsSync(path)) refuse(`${path} is not there: build first`);
    console.log(`\n== ${path}`);
    const tell = (name, result) => console.log(line(name, result));
    const results = await runPrograms(wanted, path, Number(values.jobs), tell);
    console.log(`${passed(results)} of ${wanted.names.length} passed`);
    runs.push({ kind, path, results });
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(runs[0].results, null, 2)}\n`);
  if (values.runtime !== undefined) return;
  if (values.only === undefined) writeFileSync(at("docs", "conformance.md"), document(runs, VERSION));
  const found = surprises(runs[0].results);
  for (const surprise of found) console.error(`conformance: ${surprise}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

await main();
