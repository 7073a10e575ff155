import { type CommandWords, type FlagWords, SHELLS, type Value, type Words } from "./words.ts";

/** The script for bash; it needs no bash-completion package. */
export function bashScript({ globals, commands }: Words): string {
  const all = [{ name: "", flags: globals }, ...commands];
  const values = all.flatMap(({ name, flags }) => flags.flatMap((flag) => valueCase(name, flag)));
  const names = commands.map(({ name }) => name).join(" ");
  return `# bash completion for tsrun
_tsrun() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= root=() i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --root) root=(--root "\${COMP_WORDS[++i]}") ;;
      ${valued(globals).join("|")}) ((i++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command:$before in
${values.join("\n")}
  esac
  local flags= arguments=
  case $command in
    "") flags="${spellings(globals)}"; arguments="${names} help" ;;
${commands.map(commandCase).join("\n")}
  esac
  if [[ $current == -* ]]; then arguments=$flags; fi
  if [[ $arguments == @containers ]]; then arguments=$(tsrun "\${root[@]}" list --quiet 2>/dev/null); fi
  COMPREPLY=($(compgen -W "$arguments" -- "$current"))
}
complete -o default -F _tsrun tsrun
`;
}

function spellings(flags: readonly FlagWords[]): string {
  return flags.flatMap((flag) => flag.spellings).join(" ");
}

function valued(flags: readonly FlagWords[]): string[] {
  return flags
    .filter(({ value, spellings }) => value.kind !== "none" && spellings[0] !== "--root")
    .flatMap((flag) => flag.spellings);
}

function commandCase({ name, flags, argument }: CommandWords): string {
  const words = { container: "@containers", shell: SHELLS.join(" "), none: "" }[argument];
  return `    ${name}) flags="${spellings(flags)}"; arguments="${words}" ;;`;
}

/** Completes what stands after a flag; nothing for a text that nobody can guess. */
function valueCase(command: string, { spellings, value }: FlagWords): string[] {
  if (value.kind === "none") return [];
  const pattern = spellings.map((spelling) => `${command}:${spelling}`).join("|");
  return [`    ${pattern}) ${action(value)}return ;;`];
}

function action(value: Value): string {
  if (value.kind === "choice") return `COMPREPLY=($(compgen -W "${value.choices.join(" ")}" -- "$current")); `;
  const flag = { file: "-f", folder: "-d", text: "", none: "" }[value.kind];
  return flag === "" ? "" : `COMPREPLY=($(compgen ${flag} -- "$current")); `;
}
