/** Help pages laid out by yargs, which is loaded when one is asked for. Importing this file sets the renderer. */
import { type HelpOption, type HelpPage, setHelpRenderer } from "./help.ts";

const COLUMNS = 100;

async function render({ usage, commands, options }: HelpPage): Promise<string> {
  const { default: yargs } = await import("yargs");
  const page = yargs([]).scriptName("tsrun").locale("en").wrap(COLUMNS).help(false).version(false).usage(usage);
  for (const [words, summary] of commands) page.command(words, summary);
  for (const option of options) page.option(option.name, described(option));
  return `${(await page.getHelp()).trimEnd()}\n`;
}

function described({ text, alias, choices, default: value }: HelpOption) {
  return {
    describe: text,
    ...(alias === undefined ? {} : { alias }),
    ...(choices === undefined ? {} : { choices }),
    ...(value === undefined ? {} : { default: value }),
  };
}

setHelpRenderer(render);
