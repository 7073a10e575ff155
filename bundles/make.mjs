// Makes a bundle: node bundles/make.mjs NAME FOLDER. Without arguments: lists the names.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { compiled } from "./compiled.mjs";

const { makers } = await compiled("makers");
const [name, folder] = process.argv.slice(2);
const table = await makers();
const maker = table.get(name ?? "");
if (maker === undefined || folder === undefined) {
  console.error("usage: node bundles/make.mjs NAME FOLDER\n");
  for (const [key, { about }] of table) console.error(`  ${key.padEnd(22)} ${about}`);
  process.exit(2);
}
if (existsSync(folder)) {
  console.error(`make ${folder}: it exists already`);
  process.exit(1);
}
await maker.make(resolve(folder));
console.log(`${name}: ${resolve(folder)}`);
