/** The command line itself runs where there is nothing but ECMAScript: no process, console, Buffer or TextEncoder. */
import vm from "node:vm";
import { expect, test } from "@jest/globals";
import { buildSync } from "esbuild";
import { ROOT } from "../support/paths.ts";

const PROGRAM = `
import { main } from "./runtime/main.ts";
import { setPort } from "./runtime/host/port.ts";

globalThis.run = async (words) => {
  const said = ["", "", ""];
  setPort({
    argv: () => words,
    environ: () => [],
    geteuid: () => 0,
    now: () => 0,
    encode: (text) => Uint8Array.from([...text].map((letter) => letter.charCodeAt(0))),
    decode: (bytes) => String.fromCharCode(...bytes),
    write(fd, bytes) {
      said[fd] += String.fromCharCode(...bytes);
      return bytes.length;
    },
  });
  const code = await main();
  return [code, said[1], said[2]].join("|");
};
`;

const { outputFiles } = buildSync({
  stdin: { contents: PROGRAM, resolveDir: ROOT, loader: "ts", sourcefile: "portable.ts" },
  bundle: true,
  write: false,
  format: "iife",
  platform: "neutral",
  target: "es2023",
  logLevel: "silent",
});
const context = vm.createContext(Object.create(null) as object) as { run: (words: string[]) => Promise<string> };
vm.runInContext(outputFiles[0]?.text ?? "", context);

test.each([
  [["--version"], /^0\|tsrun version .*\|$/s],
  [["features"], /^0\|\{\n {2}"ociVersionMin"/],
  [["--debug=false", "kill", "c1", "NOPE"], /^1\|\|tsrun: kill: unknown signal "NOPE"\n$/],
  [["exec", "-e", "A", "c1", "ls", "-la"], /^255\|\|tsrun: exec: --env A: not of the form NAME=VALUE\n$/],
  [["create", "--bundel=/b"], /^1\|\|tsrun: create: unknown flag --bundel \(did you mean "--bundle"\?\)\n$/],
  [["--log-format", "json", "nope"], /^1\|\|\{"level":"error","msg":"unknown command \\"nope\\"","time":"1970-/],
])("%j", async (words, expected) => {
  expect(await context.run(words)).toMatch(expected);
});
