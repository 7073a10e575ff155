import { type CommandWords, type FlagWords, SHELLS, type Value, type Words } from "./words.ts";

/** The script for zsh: a function for a folder of its fpath, or to be sourced. */
export function zshScript({ globals, commands }: Words): string {
  return `#compdef tsrun
_tsrun_containers() {
  local -a ids
  ids=(\${(f)"$(tsrun $tsrun_root list --quiet 2>/dev/null)"})
  compadd -a ids
}
_tsrun() {
  local context state state_descr line
  local -a commands tsrun_root
  typeset -A opt_args
  _arguments -C \\
${globals.map((flag) => `    ${flagSpec(flag)} \\`).join("\n")}
    '1: :->command' '*:: :->arguments'
  case $state in
    command)
      commands=(
${[...commands.map(described), "        'help:show help on a command'"].join("\n")}
      )
      _describe -t commands command commands ;;
    arguments)
      if [[ -n \${opt_args[--root]} ]]; then tsrun_root=(--root \${opt_args[--root]}); fi
      case $words[1] in
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}
if [[ $funcstack[1] == _tsrun ]]; then _tsrun; else compdef _tsrun tsrun; fi
`;
}

function described({ name, summary }: CommandWords): string {
  return `        ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`;
}

function commandCase({ name, flags, argument, argumentRepeats }: CommandWords): string {
  const place = argumentRepeats ? "*" : "1";
  const argumentSpec = {
    container: [`'${place}:container:_tsrun_containers'`],
    shell: [`'1:shell:(${SHELLS.join(" ")})'`],
    none: [],
  }[argument];
  // What comes after the first argument of exec is a command line of its own.
  const rest = argument === "container" && !argumentRepeats ? ["'*:::arguments:_normal'"] : [];
  return `        ${name}) _arguments ${[...flags.map(flagSpec), ...argumentSpec, ...rest].join(" ")} ;;`;
}

function flagSpec({ spellings, summary, value, repeatable }: FlagWords): string {
  const text = `[${summary.replace(/[[\]:]/g, "\\$&")}]${valueSpec(value)}`;
  const [long, short] = spellings;
  const equals = value.kind === "none" ? "" : "=";
  if (short === undefined) return quoted(`${repeatable ? "*" : ""}${long}${equals}${text}`);
  const guard = repeatable ? "'*'" : `'(${short} ${long})'`;
  return `${guard}{${short},${long}${equals}}${quoted(text)}`;
}

function valueSpec(value: Value): string {
  if (value.kind === "choice") return `:value:(${value.choices.join(" ")})`;
  return { none: "", file: ":file:_files", folder: ":folder:_files -/", text: ":value: " }[value.kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
