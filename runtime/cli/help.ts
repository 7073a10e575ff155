/** Help and version: what is said about the command table. */
import type { Flag } from "../commands/invocation.ts";
import { RuntimeError } from "../errors.ts";
import { type HelpOption, type HelpPage, helpRenderer } from "../host/help.ts";
import { COMMIT, SPEC_VERSION, VERSION } from "../version.ts";
import { GLOBAL_FLAGS, HELP } from "./flags.ts";
import { COMMANDS, type Command } from "./table.ts";

/** The help on one command, or on tsrun itself; ends with a newline. Throws E_HOST_UNSUPPORTED where there is none. */
export async function helpText(command?: Command): Promise<string> {
  const render = helpRenderer();
  if (render === undefined) throw new RuntimeError("E_HOST_UNSUPPORTED", "help: not part of this build");
  return await render(helpPage(command));
}

/** The page as data: hidden and refused flags are left out. */
export function helpPage(command?: Command): HelpPage {
  const flags = command === undefined ? GLOBAL_FLAGS : [...command.flags, HELP];
  const options = flags.filter((flag) => flag.hidden !== true && flag.unsupported !== true).map(option);
  if (command !== undefined) {
    const words = `Usage: tsrun [global options] ${command.name} [options] ${command.usage}`.trimEnd();
    return { usage: `${words}\n\n${command.summary}`, commands: [], options };
  }
  const commands = COMMANDS.map((one) => [`${one.name} ${one.usage}`.trimEnd(), one.summary] as const);
  return {
    usage: "Usage: tsrun [global options] <command> [options] [arguments]",
    commands: [...commands, ["help [command]", "show help on a command"]],
    options,
  };
}

/** The three lines that callers of `--version` read. */
export function versionText(): string {
  return `tsrun version ${VERSION}\ncommit: ${COMMIT}\nspec: ${SPEC_VERSION}\n`;
}

function option(flag: Flag): HelpOption {
  const text = flag.value === undefined ? flag.summary : `${flag.value}: ${flag.summary}`;
  return { name: flag.name, alias: flag.alias, text, choices: flag.choices, default: flag.default };
}
