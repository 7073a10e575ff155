// Writes the manual page from the command table: node scripts/man.mjs [FILE] (dist/man/tsrun.8). Needs `npm run build`.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const DESCRIPTION = `tsrun creates, starts, enters, signals and deletes containers. It is a low-level runtime as the Open
Container Initiative specifies it: it takes a bundle, which is a folder with a config.json and a root filesystem, and is
most often called by a container manager.`;

const EXIT = `0 when the command has done its work, 1 when it has not. run and exec in the foreground end as the program
does, with 128 and the number of the signal when one ended it; exec ends with 255 for a failure of its own.`;

const ENVIRONMENT = [
  ["XDG_RUNTIME_DIR", "folder of the state of containers of a user who is not root"],
  ["NOTIFY_SOCKET", "socket of a service manager that is told when the container's program is ready: sd_notify(3)"],
  ["LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES", "sockets that are handed to the container's program: sd_listen_fds(3)"],
  ["PATH", "where the programs of the host that a command needs are looked for: ps(1), criu(8)"],
];

/** Text for roff: no line begins a request by mistake, and nothing is taken for an escape. */
export function roff(text) {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}

function optionLines({ name, alias, value, summary, choices, default: preset }) {
  const spelled = alias === undefined ? [] : [`\\fB${roff(alias.length === 1 ? `-${alias}` : `--${alias}`)}\\fR`];
  const names = [...spelled, `\\fB${roff(`--${name}`)}\\fR`].join(", ");
  const taken = value ?? (choices === undefined ? "" : choices.join("|"));
  const more = preset === undefined ? "" : ` (default: ${preset})`;
  return [".TP", `${names}${taken === "" ? "" : ` \\fI${roff(taken)}\\fR`}`, roff(`${summary}${more}`)];
}

const shown = (flags) => flags.filter(({ hidden, unsupported }) => !hidden && !unsupported);

function commandLines({ name, usage, summary, flags }) {
  const title = `\\fB${roff(name)}\\fR${shown(flags).length > 0 ? " [options]" : ""} ${roff(usage)}`.trimEnd();
  return [`.SS ${title}`, roff(summary), ...shown(flags).flatMap(optionLines)];
}

/** The page in man(7)'s language. */
export function manPage(commands, globals, version) {
  return [
    `.TH TSRUN 8 "" "tsrun ${version}" "System Administration"`,
    ".SH NAME",
    "tsrun \\- run containers as the Open Container Initiative specifies them",
    ".SH SYNOPSIS",
    ".B tsrun",
    "[global options] \\fIcommand\\fR [options] [arguments]",
    ".SH DESCRIPTION",
    roff(DESCRIPTION),
    ".SH GLOBAL OPTIONS",
    ...shown(globals).flatMap(optionLines),
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH EXIT STATUS",
    roff(EXIT),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, text]) => [".TP", `.B ${roff(name)}`, roff(text)]),
    ".SH FILES",
    ".TP",
    ".I /run/tsrun",
    "state of the containers, a folder for each",
    ".SH SEE ALSO",
    "runc(8), crun(1), containerd(8)",
    "",
  ].join("\n");
}

async function main(file = join(ROOT, "dist", "man", "tsrun.8")) {
  const built = (name) => import(pathToFileURL(join(ROOT, "dist", "js", "runtime", name)).href);
  const [{ COMMANDS }, { GLOBAL_FLAGS }, { VERSION }] = await Promise.all(
    ["cli/table.js", "cli/flags.js", "version.js"].map(built),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, manPage(COMMANDS, GLOBAL_FLAGS, VERSION));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2]);
