import { type CommandWords, type FlagWords, SHELLS, type Value, type Words } from "./words.ts";

/** The script for fish. */
export function fishScript({ globals, commands }: Words): string {
  const first = "__fish_use_subcommand";
  return [
    "# fish completion for tsrun",
    "function __tsrun_containers",
    "    set -l words (commandline -opc)",
    "    set -l root",
    "    set -l at (contains -i -- --root $words); and set root --root $words[(math $at + 1)]",
    "    tsrun $root list --quiet 2>/dev/null",
    "end",
    "complete -c tsrun -f",
    ...globals.map((flag) => flagLine(first, flag)),
    ...commands.map(({ name, summary }) => `complete -c tsrun -n ${first} -a ${name} -d ${quoted(summary)}`),
    `complete -c tsrun -n ${first} -a help -d 'show help on a command'`,
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

function commandLines({ name, flags, argument }: CommandWords): string[] {
  const seen = `'__fish_seen_subcommand_from ${name}'`;
  const words = { container: "(__tsrun_containers)", shell: SHELLS.join(" "), none: "" }[argument];
  const lines = flags.map((flag) => flagLine(seen, flag));
  return words === "" ? lines : [...lines, `complete -c tsrun -n ${seen} -a '${words}'`];
}

function flagLine(condition: string, { spellings, summary, value }: FlagWords): string {
  const names = spellings.map((one) => (one.startsWith("--") ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`));
  return `complete -c tsrun -n ${condition} ${names.join(" ")}${valueWords(value)} -d ${quoted(summary)}`;
}

function valueWords(value: Value): string {
  if (value.kind === "choice") return ` -x -a '${value.choices.join(" ")}'`;
  const words = { none: "", file: " -r -F", folder: " -x -a '(__fish_complete_directories)'", text: " -x" };
  return words[value.kind];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
