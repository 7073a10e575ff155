import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";
import { GLOBAL_FLAGS } from "../../runtime/cli/flags.ts";
import { COMMANDS } from "../../runtime/cli/table.ts";
import { ROOT } from "../support/paths.ts";

interface Script {
  readonly manPage: (commands: unknown, globals: unknown, version: string) => string;
  readonly roff: (text: string) => string;
}
const { manPage, roff } = (await import(pathToFileURL(join(ROOT, "scripts/man.mjs")).href)) as Script;
const page = manPage(COMMANDS, GLOBAL_FLAGS, "1.2.3");

test("every command and every flag that is shown stands there", () => {
  for (const { name, flags } of COMMANDS) {
    expect(page).toContain(`.SS \\fB${name}\\fR`);
    for (const flag of flags) {
      const isThere = page.includes(`\\fB${roff(`--${flag.name}`)}\\fR`);
      if (flag.hidden !== true && flag.unsupported !== true) expect([flag.name, isThere]).toEqual([flag.name, true]);
    }
  }
  expect(page).toContain('"tsrun 1.2.3"');
});

test("text can't be taken for a request or an escape", () => {
  expect(roff(".x\n'y\n-z \\fB")).toBe("\\&.x\n\\&'y\n\\-z \\efB");
});

const groff = spawnSync("groff", ["--version"]).status === 0;
(groff ? test : test.skip)(`groff has nothing to complain about${groff ? "" : " [skipped: no groff]"}`, () => {
  const { stdout, stderr, status } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-rLL=100n"], { input: page });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  expect(stdout.toString()).toContain("change the limits of a container");
});
