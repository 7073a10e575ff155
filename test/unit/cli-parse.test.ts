import { describe, expect, test } from "@jest/globals";
import { CREATE_FLAGS, DELETE_FLAGS, EXEC_FLAGS, GLOBAL_FLAGS } from "../../runtime/cli/flags.ts";
import { parseWords } from "../../runtime/cli/parse.ts";
import { COMMANDS } from "../../runtime/cli/table.ts";
import type { Flag } from "../../runtime/commands/invocation.ts";

function parsed(table: readonly Flag[], halt: boolean, words: readonly string[]) {
  const { flags, args } = parseWords(words, table, halt, "verb");
  const given = table.filter(({ name }) => flags.list(name).length > 0);
  return { args, flags: Object.fromEntries(given.map(({ name }) => [name, flags.list(name)])) };
}

const exec = (...words: string[]) => parsed(EXEC_FLAGS, true, words);
const create = (...words: string[]) => parsed(CREATE_FLAGS, false, words);
const remove = (...words: string[]) => parsed(DELETE_FLAGS, false, words);
const globals = (...words: string[]) => parsed(GLOBAL_FLAGS, true, words);

describe("values", () => {
  test.each([
    ["two words", ["--bundle", "/b", "c"]],
    ["one word", ["--bundle=/b", "c"]],
    ["alias", ["-b", "/b", "c"]],
    ["alias in one word", ["-b=/b", "c"]],
    ["one dash, as Go has it", ["-bundle", "/b", "c"]],
    ["one dash in one word", ["-bundle=/b", "c"]],
    ["after the argument", ["c", "--bundle", "/b"]],
    ["the last one counts", ["-b", "/a", "c", "--bundle", "/b"]],
  ])("%s", (_, words) => {
    const { flags, args } = parseWords(words, CREATE_FLAGS, false, "create");
    expect(flags.text("bundle")).toBe("/b");
    expect(args).toEqual(["c"]);
  });

  test("a value may look like a flag, a number or a quoted text, and stays as it is", () => {
    expect(exec("-e", "-x", "c").flags).toEqual({ env: ["-x"] });
    expect(exec("-u", "-1", "c").flags).toEqual({ user: ["-1"] });
    expect(exec('--env=A="b"', "-e", "'c'", "c").flags).toEqual({ env: ['A="b"', "'c'"] });
    expect(exec("--env=A=b\nc", "c").flags).toEqual({ env: ["A=b\nc"] });
    expect(exec("--cwd", "1e3", "0x10").args).toEqual(["0x10"]);
    expect(exec("--cwd=", "c").flags).toEqual({ cwd: [""] });
  });

  test("repeated values add up, in order and unsplit", () => {
    expect(exec("-e", "A=b,c", "--env", "D=1", "-env=E=2", "c").flags).toEqual({ env: ["A=b,c", "D=1", "E=2"] });
  });

  test("integers are plain decimals", () => {
    expect(parseWords(["--preserve-fds", "3", "c"], CREATE_FLAGS, false, "create").flags.integer("preserve-fds")).toBe(
      3,
    );
    for (const bad of ["-1", "+1", "1e3", "0x1", " 1", "1.5", "", "99999999999"]) {
      expect(() => create("--preserve-fds", bad, "c")).toThrow(`--preserve-fds ${bad}: not a number`);
    }
  });

  test("choices are kept to", () => {
    expect(globals("--log-format", "json").flags).toEqual({ "log-format": ["json"] });
    expect(() => globals("--log-format", "xml")).toThrow("--log-format xml: must be one of text, json");
    expect(() => globals("--rootless=maybe")).toThrow("must be one of true, false, auto");
  });
});

describe("switches", () => {
  test("do not take the next word, whatever it is", () => {
    expect(remove("-f", "true")).toEqual({ flags: { force: ["true"] }, args: ["true"] });
    expect(remove("--force", "false")).toEqual({ flags: { force: ["true"] }, args: ["false"] });
  });

  test("may be given as true or false", () => {
    for (const word of ["true", "T", "1", "TRUE"]) expect(remove(`--force=${word}`, "c").flags.force).toEqual(["true"]);
    for (const word of ["false", "f", "0"]) expect(remove(`-f=${word}`, "c").flags.force).toEqual(["false"]);
    expect(() => remove("--force=maybe", "c")).toThrow("verb: --force=maybe: neither true nor false");
  });

  test("that are set in a program's own words are none of ours", () => {
    expect(exec("-d", "c", "prog", "--detach=false")).toEqual({
      flags: { detach: ["true"] },
      args: ["c", "prog", "--detach=false"],
    });
  });

  test("have no negated form", () => {
    expect(() => remove("--no-force", "c")).toThrow("unknown flag --no-force");
  });
});

describe("arguments", () => {
  test("of exec end the flags", () => {
    expect(exec("c1", "ls", "-la", "--detach").args).toEqual(["c1", "ls", "-la", "--detach"]);
  });

  test("after -- are never flags", () => {
    expect(remove("-f", "--", "-x")).toEqual({ flags: { force: ["true"] }, args: ["-x"] });
    expect(remove("--", "-f")).toEqual({ flags: {}, args: ["-f"] });
  });

  test("stay text", () => {
    expect(remove("1e3").args).toEqual(["1e3"]);
    expect(remove("007", "0x10").args).toEqual(["007", "0x10"]);
    expect(remove("-").args).toEqual(["-"]);
  });

  test("are the command and its own words, after the globals", () => {
    expect(globals("--root", "/r", "--debug", "list", "--debug", "-q")).toEqual({
      flags: { root: ["/r"], debug: ["true"] },
      args: ["list", "--debug", "-q"],
    });
  });
});

describe("errors", () => {
  test.each([
    [["--forse", "c"], 'verb: unknown flag --forse (did you mean "--force"?)'],
    [["-x", "c"], "verb: unknown flag -x"],
    [["--zzzzzzz=1", "c"], "verb: unknown flag --zzzzzzz"],
    [["c", "-9"], "verb: unknown flag -9"],
    [["--_", "c"], "verb: unknown flag --_"],
    [["--_=c"], "verb: unknown flag --_"],
    [["--constructor", "c"], "verb: unknown flag --constructor"],
    [["--toString=1", "c"], "verb: unknown flag --toString"],
  ])("%j", (words, message) => {
    expect(() => remove(...words)).toThrow(expect.objectContaining({ code: "E_USAGE", message }));
  });

  test("__proto__ is an unknown flag and changes nothing", () => {
    expect(() => remove("--__proto__=1", "c")).toThrow("unknown flag");
    expect(() => remove("--__proto__.x", "1")).toThrow("unknown flag");
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test("a missing value", () => {
    expect(() => exec("c", "-e")).not.toThrow();
    expect(() => exec("-e")).toThrow("verb: -e needs a value");
    expect(() => create("c", "--pid-file")).toThrow("verb: --pid-file needs a value");
  });

  const unsupported: Flag[] = [
    { name: "later", kind: "text", value: "X", summary: "", unsupported: true },
    { name: "soon", kind: "switch", summary: "", unsupported: true },
  ];
  const later = (...words: string[]) => parseWords(words, unsupported, false, "verb");

  test.each([["--later=x"], ["--soon"]])("%s is known and refused", (word) => {
    expect(() => later(word, "c")).toThrow(expect.objectContaining({ code: "E_CONFIG_UNSUPPORTED" }));
  });

  test("a refused flag that asks for nothing is taken", () => {
    expect(later("--later=", "--soon=false", "c").args).toEqual(["c"]);
  });
});

test("every name and alias of a table is its own", () => {
  for (const table of COMMANDS.map(({ flags }) => flags).concat([GLOBAL_FLAGS])) {
    const names = table.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias]));
    expect(new Set(names).size).toBe(names.length);
  }
});
