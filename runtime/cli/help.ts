/** Help texts, made by yargs from the command table. yargs is loaded here and only when help is asked for. */
import type { Flag } from "../commands/invocation.ts";
import { COMMIT, SPEC_VERSION, VERSION } from "../version.ts";
import { GLOBAL_FLAGS, HELP } from "./flags.ts";
import { COMMANDS, type Command } from "./table.ts";

const WIDTH = 100;

/** The help on one command, or on tsrun itself; ends with a newline. */
export async function helpText(command?: Command): Promise<string> {
  const { default: yargs } = await import("yargs");
  const page = yargs([]).scriptName("tsrun").locale("en").wrap(WIDTH).help(false).version(false).showHidden(false);
  if (command === undefined) {
    page.usage("Usage: $0 [global options] <command> [options] [arguments]");
    for (const one of COMMANDS) page.command(`${one.name} ${one.usage}`.trim(), one.summary);
    page.command("help [command]", "show help on a command");
  } else {
    page.usage(
      `Usage: $0 [global options] ${`${command.name} [options] ${command.usage}`.trim()}\n\n${command.summary}`,
    );
  }
  for (const flag of command === undefined ? GLOBAL_FLAGS : [...command.flags, HELP]) {
    if (flag.hidden !== true && flag.unsupported !== true) page.option(flag.name, option(flag));
  }
  return `${(await page.getHelp()).trimEnd()}\n`;
}

/** The three lines that callers of `--version` read. */
export function versionText(): string {
  return `tsrun version ${VERSION}\ncommit: ${COMMIT}\nspec: ${SPEC_VERSION}\n`;
}

function option(flag: Flag) {
  return {
    describe: flag.value === undefined ? flag.summary : `${flag.value}: ${flag.summary}`,
    ...(flag.alias === undefined ? {} : { alias: flag.alias }),
    ...(flag.choices === undefined ? {} : { choices: flag.choices }),
    ...(flag.default === undefined ? {} : { default: flag.default }),
  };
}
