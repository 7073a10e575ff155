// The TypeScript of the native executable as one module, with what is made at build time: help texts, error texts.

import { mkdirSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { at } from "../build/digest.mjs";
import { commit } from "../build/scripts.mjs";

const ESM = { bundle: true, format: "esm", logLevel: "silent", absWorkingDir: at() };

/** The exports of a TypeScript text that may import the project's files, run by Node. */
async function evaluate(name, contents) {
  const outfile = at("dist/cache/native", `${name}-${process.pid}.mjs`);
  mkdirSync(at("dist/cache/native"), { recursive: true });
  const stdin = { contents, resolveDir: at(), loader: "ts", sourcefile: `${name}.ts` };
  try {
    await build({ ...ESM, stdin, outfile, platform: "node", packages: "external" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}

const HELP = `
  import { helpPage } from "./runtime/cli/help.ts";
  import { COMMANDS } from "./runtime/cli/table.ts";
  import { helpRenderer } from "./runtime/host/help.ts";
  import "./runtime/host/node-help.ts";
  const render = helpRenderer();
  const pages = [helpPage(), ...COMMANDS.map((command) => helpPage(command))];
  export const texts = await Promise.all(pages.map(async (page) => [page.usage, await render(page)]));
`;

/** Every help page as [usage, text], laid out by yargs. */
async function helpTexts() {
  const { texts } = await evaluate("help", HELP);
  if (new Set(texts.map(([usage]) => usage)).size !== texts.length) throw new Error("two help pages have one usage");
  return texts;
}

/** Writes the module that addon/native runs: the TypeScript file `entry` and all that it imports. */
export async function bundleProgram(entry, outfile) {
  await build({
    ...ESM,
    entryPoints: [at(entry)],
    outfile,
    platform: "neutral",
    target: "es2023",
    minifySyntax: true,
    define: { TSRUN_HELP: JSON.stringify(await helpTexts()), TSRUN_COMMIT: JSON.stringify(commit()) },
  });
}

const LAST_ERRNO = 133;

/** The entries of the table in addon/native/errors.cc. */
export async function errorTexts() {
  const { errnoText, errnoName } = await evaluate("errors", 'export * from "./runtime/linux/errno.ts";');
  const known = (number) => number > 0 && /^E[A-Z]/.test(errnoName(number));
  const entries = Array.from({ length: LAST_ERRNO + 1 }, (_, number) =>
    known(number) ? JSON.stringify(errnoText(number)) : "nullptr",
  );
  return entries.map((entry) => `${entry},\n`).join("");
}
