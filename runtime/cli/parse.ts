/**
 * From words to checked flags and arguments, by yargs-parser and the command table.
 * As with runc, `-name` and `--name` are the same, a value may start with `-`, and the last of a repeated flag counts.
 */
import parser from "yargs-parser/browser";
import { type Flag, Flags } from "../commands/invocation.ts";
import { RuntimeError } from "../errors.ts";
import { didYouMean } from "../spec/suggest.ts";

/** What a command line says. */
export interface Parsed {
  readonly flags: Flags;
  readonly args: readonly string[];
}

const CONFIGURATION = {
  "boolean-negation": false,
  "camel-case-expansion": false,
  "dot-notation": false,
  "nargs-eats-options": true,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "short-option-groups": false,
  "strip-aliased": true,
} as const;

const SWITCH_WORDS: Readonly<Record<string, string>> = {
  true: "true",
  t: "true",
  "1": "true",
  false: "false",
  f: "false",
  "0": "false",
};

/**
 * Parses `words` by the flags of `table`. With `halt`, flags end at the first word that is none.
 * `where` names the command in errors ("" before it). Throws E_USAGE and, for refused flags, E_CONFIG_UNSUPPORTED.
 */
export function parseWords(words: readonly string[], table: readonly Flag[], halt: boolean, where: string): Parsed {
  const fail = (text: string): never => {
    throw new RuntimeError("E_USAGE", where === "" ? text : `${where}: ${text}`);
  };
  const { _: args, ...given } = read(words, table, halt, fail);
  if (args.some((arg) => typeof arg !== "string")) fail("unknown flag --_");
  const values = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(given)) {
    const flag = table.find((one) => one.name === key);
    if (flag === undefined) return fail(unknownFlag(key, words, table));
    const texts = [value].flat().map((one) => checked(flag, one === true ? "true" : String(one), fail));
    refuse(flag, texts, where);
    values.set(flag.name, texts);
  }
  return { flags: new Flags(values), args: args.map(String) };
}

/**
 * One call of yargs-parser, whose `boolean` type would take a following word `true` as its value and anything but
 * `true` as false. So a switch is an option of no value; only one that turns out to be given as --NAME=VALUE is read
 * as an option of one value, in a second call.
 */
function read(words: readonly string[], table: readonly Flag[], halt: boolean, fail: (text: string) => never) {
  const valued = new Set(table.filter((flag) => flag.kind !== "switch").map((flag) => flag.name));
  const long = (key: string) => table.find((flag) => flag.name === key || flag.alias === key)?.name;
  for (;;) {
    let unexpected: string | undefined;
    const translate = (text: string, key: string) => {
      if (!text.startsWith("Argument unexpected")) return `${spelled(key)} needs a value`;
      unexpected = long(key);
      return `unknown flag --${key}`;
    };
    const result = parser.detailed([...words], {
      configuration: { ...CONFIGURATION, "halt-at-non-option": halt },
      alias: Object.fromEntries(table.flatMap((flag) => (flag.alias === undefined ? [] : [[flag.name, flag.alias]]))),
      string: [...valued],
      narg: { _: 0, ...Object.fromEntries(table.map((flag) => [flag.name, valued.has(flag.name) ? 1 : 0])) },
      __: translate as (format: string) => string,
    } as Parameters<typeof parser.detailed>[1]);
    if (unexpected === undefined || valued.has(unexpected)) {
      if (result.error !== null) fail(result.error.message);
      return result.argv;
    }
    valued.add(unexpected);
  }
}

function spelled(key: string): string {
  return key.length === 1 ? `-${key}` : `--${key}`;
}

function unknownFlag(key: string, words: readonly string[], table: readonly Flag[]): string {
  const word = words.find((one) => one.startsWith("-") && one.replace(/^--?/, "").split("=")[0] === key) ?? `--${key}`;
  const known = table.filter((flag) => flag.hidden !== true).map((flag) => `--${flag.name}`);
  return `unknown flag ${word.split("=")[0]}${didYouMean(`--${key}`, known)}`;
}

function checked(flag: Flag, text: string, fail: (text: string) => never): string {
  if (flag.kind === "switch") {
    return SWITCH_WORDS[text.toLowerCase()] ?? fail(`--${flag.name}=${text}: neither true nor false`);
  }
  if (flag.kind === "integer" && !/^\d{1,9}$/.test(text)) fail(`--${flag.name} ${text}: not a number of 0 or more`);
  if (flag.choices !== undefined && !flag.choices.includes(text)) {
    fail(`--${flag.name} ${text}: must be one of ${flag.choices.join(", ")}`);
  }
  return text;
}

/** A flag that asks for nothing (an empty text, a switch that is off) is not refused: callers pass them blindly. */
function refuse(flag: Flag, texts: readonly string[], where: string): void {
  if (flag.unsupported !== true) return;
  const neutral = flag.kind === "switch" ? "false" : "";
  if (texts.at(-1) === neutral) return;
  throw new RuntimeError("E_CONFIG_UNSUPPORTED", `${where}: --${flag.name}: not supported by this version`);
}
