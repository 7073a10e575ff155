import { existsSync, readFileSync } from "node:fs";
import { at } from "./digest.mjs";
import { run } from "./tools.mjs";

const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;

/** Whether node_modules holds what package-lock.json asks for. What is optional may be missing (other platforms). */
function installed() {
  const record = at("node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const have = packagesOf(record);
  return Object.entries(packagesOf(at("package-lock.json"))).every(
    ([path, wanted]) => path === "" || wanted.optional || wanted.link || have[path]?.version === wanted.version,
  );
}

/** Installs the dependencies unless they are there. */
export function installModules() {
  if (installed()) return;
  console.log("build: installing dependencies");
  run("npm", ["ci", "--no-audit", "--no-fund"], { stdio: ["ignore", "inherit", "inherit"] });
}
