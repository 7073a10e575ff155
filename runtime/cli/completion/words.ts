/** What shells complete, shell by shell the same: read from the command table. */
import type { Flag } from "../../commands/invocation.ts";
import type { Command } from "../table.ts";

/** What can stand after a flag. */
export type Value =
  | { readonly kind: "none" | "file" | "folder" | "text" }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

export interface FlagWords {
  /** `--name` first, then its alias, with dashes. */
  readonly spellings: readonly [string, ...string[]];
  readonly summary: string;
  readonly value: Value;
  readonly repeatable: boolean;
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagWords[];
  /** What its first argument is; what follows a program is left to the shell. */
  readonly argument: "container" | "shell" | "none";
  readonly argumentRepeats: boolean;
}

/** Everything that a completion script is made of. */
export interface Words {
  readonly globals: readonly FlagWords[];
  readonly commands: readonly CommandWords[];
}

export const SHELLS = ["bash", "zsh", "fish"] as const;

/** Hidden and refused flags are left out, as in the help. */
export function wordsOf(globals: readonly Flag[], commands: readonly Command[]): Words {
  return { globals: flagWords(globals), commands: commands.map(commandWords) };
}

function commandWords({ name, summary, usage, max, flags, halt }: Command): CommandWords {
  const argument = usage.includes("container-id") ? "container" : usage.includes("bash") ? "shell" : "none";
  return { name, summary, flags: flagWords(flags), argument, argumentRepeats: halt !== true && max > 2 };
}

function flagWords(flags: readonly Flag[]): FlagWords[] {
  return flags
    .filter(({ hidden, unsupported }) => hidden !== true && unsupported !== true)
    .map((flag) => ({
      spellings: [`--${flag.name}`, ...(flag.alias === undefined ? [] : [dashed(flag.alias)])],
      summary: flag.summary,
      value: valueAfter(flag),
      repeatable: flag.kind === "list",
    }));
}

function dashed(alias: string): string {
  return alias.length === 1 ? `-${alias}` : `--${alias}`;
}

function valueAfter({ kind, choices, value }: Flag): Value {
  if (kind === "switch") return { kind: "none" };
  if (choices !== undefined) return { kind: "choice", choices };
  if (value === "FILE" || value === "SOCKET") return { kind: "file" };
  return { kind: value === "DIR" ? "folder" : "text" };
}
