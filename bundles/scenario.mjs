// Plays a scenario: node bundles/scenario.mjs NAME [--runtime PATH]. Without a name: lists them. `all` plays all.
import { parseArgs } from "node:util";
import { compiled } from "./compiled.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { runtime: { type: "string" } } });
const { SCENARIOS, play } = await compiled("scenarios/index");
const [name] = positionals;
const names = name === "all" ? Object.keys(SCENARIOS) : [name];
if (names.some((one) => SCENARIOS[one ?? ""] === undefined)) {
  console.error("usage: node bundles/scenario.mjs NAME|all [--runtime PATH]\n");
  for (const [key, { about }] of Object.entries(SCENARIOS)) console.error(`  ${key.padEnd(14)} ${about}`);
  process.exit(2);
}
let failed = 0;
for (const one of names) {
  console.log(`${one}: ${SCENARIOS[one].about}`);
  const failures = await play(SCENARIOS[one], values.runtime, (line) => console.log(`  ${line}`));
  for (const failure of failures) console.error(`  failed: ${failure}`);
  if (failures.length > 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
