import { execInContainer } from "../container/exec.ts";
import type { Context, ExecOptions } from "../container/options.ts";
import { RuntimeError } from "../errors.ts";
import type { Process } from "../spec/generated/types.ts";
import { loadProcess } from "../spec/load.ts";
import { attend, consoleTarget, holdSignals } from "./foreground.ts";
import type { Flags, Invocation } from "./invocation.ts";
import { parseId, parseUser } from "./user.ts";

/** Flags that say something about the process and so can't stand beside a whole one. */
const PROCESS_FLAGS = ["cwd", "env", "user", "additional-gids", "cap", "no-new-privs"];

/** `exec`: another program in a running container; in the foreground it ends as the program ended. */
export async function exec({ context, args, flags }: Invocation): Promise<number> {
  const options = execOptions({ context, args, flags });
  const detach = flags.on("detach");
  const held = detach ? -1 : holdSignals();
  const process = await execInContainer(context, options);
  try {
    return detach ? 0 : await attend(process, held);
  } finally {
    process.close();
  }
}

/** What the words of the command line ask for. Throws E_USAGE. */
export function execOptions({ context, args, flags }: Invocation): ExecOptions {
  const [id = "", ...words] = args;
  const program = words[0] === "--" ? words.slice(1) : words;
  const common = {
    id,
    pidFile: flags.text("pid-file"),
    preserveFds: flags.integer("preserve-fds"),
    ignorePaused: flags.on("ignore-paused") || undefined,
    console: consoleTarget(flags, flags.on("detach")),
  };
  const file = flags.text("process");
  if (file !== undefined) {
    refuseBeside(program, flags);
    return { ...common, process: readProcess(file, context) };
  }
  if (program.length === 0) throw new RuntimeError("E_USAGE", "exec: neither a program nor --process is given");
  const user = flags.text("user");
  return {
    ...common,
    args: program,
    cwd: flags.text("cwd") || undefined,
    env: flags.list("env").map(assignment),
    user: user === undefined ? undefined : parseUser(user),
    additionalGids: flags.list("additional-gids").map(group),
    capabilities: flags.list("cap"),
    noNewPrivileges: flags.on("no-new-privs") || undefined,
    terminal: flags.on("tty"),
  };
}

/** The pointers of the warnings lead into the file, which is not config.json. */
function readProcess(path: string, context: Context): Process {
  const { process, warnings } = loadProcess(path);
  for (const { message, pointer } of warnings) context.onWarning(`exec: ${message} (${path} ${pointer || "/"})`);
  return process;
}

function refuseBeside(program: readonly string[], flags: Flags): void {
  const beside = PROCESS_FLAGS.filter((name) => flags.list(name).length > 0).map((name) => `--${name}`);
  if (program.length > 0) beside.push("a program");
  if (beside.length === 0) return;
  throw new RuntimeError("E_USAGE", `exec: --process names the whole process, but ${beside.join(", ")} is also given`);
}

function assignment(text: string): string {
  if (!/^[^=]+=/.test(text)) throw new RuntimeError("E_USAGE", `exec: --env ${text}: not of the form NAME=VALUE`);
  return text;
}

function group(text: string): number {
  const gid = parseId(text);
  if (gid === undefined) throw new RuntimeError("E_USAGE", `exec: --additional-gids ${text}: not a group id`);
  return gid;
}
