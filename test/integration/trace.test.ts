/** What `tsrun plan` says is what create and start do: same steps, same order, none else; for every bundle there is. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { run, succeeded } from "../../bundles/command.js";
import { makers } from "../../bundles/makers.js";
import { leftovers } from "../../bundles/remains.js";
import { TSRUN } from "../support/paths.js";
import { isTsrun, when } from "../support/runtime.js";

interface Planned {
  readonly index: number;
  readonly step: string;
  readonly by: string;
  readonly from: string;
  readonly text: string;
}

interface Traced {
  readonly name: string;
  readonly args: { readonly index: number; readonly by: string; readonly from: string };
}

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsrun-trace-"));
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  expect(await leftovers("tsrun-trace-")).toEqual([]);
});

async function tsrun(...args: string[]): Promise<string> {
  return succeeded(await run(TSRUN, ["--root", join(folder, "root"), ...args])).stdout;
}

function traced(...args: string[]): [number, string, string, string][] {
  const file = join(folder, "trace.json");
  // The program keeps its caller's stdout: a pipe would not end before it.
  const said = join(folder, "said");
  const output = openSync(said, "w");
  const all = ["--root", join(folder, "root"), "--trace", file, ...args];
  const { status } = spawnSync(TSRUN, all, { stdio: ["ignore", output, output] });
  closeSync(output);
  if (status !== 0) throw new Error(readFileSync(said, "utf8"));
  const events = JSON.parse(readFileSync(file, "utf8")) as Traced[];
  return events.map(({ name, args: { index, by, from } }) => [index, by, from, name]);
}

const table = await makers();

for (const [name, { make }] of table) {
  const terminal = name.endsWith("-tty");
  const reason = terminal ? "asks for a terminal, which nobody is here to receive" : "only tsrun plans";
  when(isTsrun && !terminal, reason)(`the plan of ${name} is what happens`, async () => {
    const bundle = join(folder, name);
    await make(bundle);
    const id = `trace-${process.pid}-${name}`;
    const planned = JSON.parse(await tsrun("plan", "--bundle", bundle, "--format", "json", id)) as Planned[];
    const plan = planned.map(({ index, by, from, text }) => [index, by, from, text]);
    const pause = planned.findIndex(({ step }) => step === "awaitStart");
    try {
      expect(traced("create", "--bundle", bundle, id)).toEqual(plan.slice(0, pause));
      expect(traced("start", id)).toEqual(plan.slice(pause));
    } finally {
      await tsrun("delete", "--force", id);
    }
  });
}
