import type { Invocation, Verb } from "../../commands/invocation.ts";
import { RuntimeError } from "../../errors.ts";
import { print } from "../../output.ts";
import { GLOBAL_FLAGS } from "../flags.ts";
import type { Command } from "../table.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { SHELLS, type Words, wordsOf } from "./words.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (words: Words) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `completion SHELL`: prints a script that completes all that `commands` has. */
export function completion(commands: () => readonly Command[]): Verb {
  return async ({ args }: Invocation) => {
    await print(completionScript(args[0] ?? "", commands()));
    return 0;
  };
}

/** The script for a shell. Throws E_USAGE for one that there is none for. */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const known = SHELLS.find((name) => name === shell);
  if (known !== undefined) return SCRIPTS[known](wordsOf(GLOBAL_FLAGS, commands));
  throw new RuntimeError("E_USAGE", `completion: ${JSON.stringify(shell)}: must be one of ${SHELLS.join(", ")}`);
}
