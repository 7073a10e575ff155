import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect } from "@jest/globals";
import { output, PLAIN_ENV, succeeded } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { TSRUN } from "../support/paths.ts";
import { isTsrun, when } from "../support/runtime.ts";

const box = useBox();
let c: Container;

const have = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"], { env: { ...PLAIN_ENV } }).status === 0;
const env = { ...PLAIN_ENV, PATH: `${dirname(TSRUN)}:${PLAIN_ENV.PATH}`, TERM: "dumb" };

async function script(shell: string): Promise<string> {
  const path = join(box.session.dir, `completion.${shell}`);
  writeFileSync(path, succeeded(await box.session.call(["completion", shell])).stdout);
  return path;
}

beforeAll(async () => {
  if (!isTsrun) return;
  c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
  });
  succeeded(await c.create());
});

const inBash = when(isTsrun && have("bash"), "of tsrun alone; needs bash");
const inFish = when(isTsrun && have("fish"), "of tsrun alone; needs fish");
const inZsh = when(isTsrun && have("zsh"), "of tsrun alone; needs zsh");

describe("bash", () => {
  /** What it offers for these words, the last one unfinished. */
  async function offered(...words: string[]): Promise<string[]> {
    const path = await script("bash");
    const list = ["tsrun", ...words].map((word) => `'${word}'`).join(" ");
    const program = `. ${path}; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _tsrun; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await output("bash", ["-c", program], { env })).split("\n").filter(Boolean);
  }

  inBash("commands, flags, values", async () => {
    expect(await offered("pa")).toEqual(["pause"]);
    expect(await offered("--log-f")).toEqual(["--log-format"]);
    expect(await offered("--log-format", "")).toEqual(["text", "json"]);
    expect(await offered("--root", "/x", "--debug", "list", "--q")).toEqual(["--quiet"]);
    expect(await offered("ps", "-f", "")).toEqual(["table", "json"]);
    expect(await offered("completion", "z")).toEqual(["zsh"]);
    expect(await offered("run", "--bundle", "/us")).toEqual(["/usr"]);
    expect(await offered("kill", "--console")).toEqual([]);
  });

  inBash("containers of the root that is named", async () => {
    expect(await offered("--root", box.session.root, "delete", "")).toEqual([c.id]);
    expect(await offered("--root", "/not/there", "delete", "")).toEqual([]);
  });
});

describe("fish", () => {
  const offered = async (line: string): Promise<string[]> => {
    const path = await script("fish");
    const text = await output("fish", ["-N", "-c", `source ${path}; complete -C '${line}'`], { env });
    return text
      .split("\n")
      .map((row) => row.split("\t")[0] ?? "")
      .filter(Boolean);
  };

  inFish("commands, flags, values, containers", async () => {
    expect(await offered("tsrun pa")).toEqual(["pause"]);
    expect(await offered("tsrun list --f")).toContain("--format");
    expect(await offered("tsrun ps -f ")).toEqual(expect.arrayContaining(["table", "json"]));
    expect(await offered(`tsrun --root ${box.session.root} delete `)).toContain(c.id);
  });
});

describe("zsh", () => {
  inZsh("completes a command on its line", async () => {
    const path = await script("zsh");
    const program = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; autoload -U compinit; compinit -u -D; source ${path}; tsrun() { print "RAN[$*]" }; print -r SET"UP"'
zpty -r -m shell line '*SETUP*'
zpty -w -n shell $'tsrun pau\\t\\n'
zpty -r -m shell line '*RAN[[]pause*[]]*' && print -r -- "$line"
zpty -w -n shell $'tsrun --log-f\\tjs\\t list --qu\\t\\n'
zpty -r -m shell line '*RAN[[]--log-format*[]]*' && print -r -- "$line"
zpty -d shell`;
    const said = await output("zsh", ["-f", "-c", program], { env });
    expect(said).toContain("RAN[pause]");
    expect(said).toMatch(/RAN\[--log-format[= ]json list --quiet\]/);
  });
});

when(isTsrun, "of tsrun alone")("another shell is refused", async () => {
  const outcome = await box.session.call(["completion", "csh"]);
  expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
  expect(outcome.stderr).toContain("bash, zsh, fish");
});
