// The commands here are TypeScript, compiled by `npm run build`.
import { existsSync } from "node:fs";

/** Imports a compiled module of bundles/; ends the process with a word of advice when it was not built yet. */
export function compiled(name) {
  const url = new URL(`../dist/js/bundles/${name}.js`, import.meta.url);
  if (!existsSync(url)) {
    console.error("not built yet: run `npm run build` first");
    process.exit(1);
  }
  return import(url.href);
}
