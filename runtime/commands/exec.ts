import { execInContainer } from "../container/exec.ts";
import type { Context, ExecOptions } from "../container/options.ts";
import { RuntimeError } from "../errors.ts";
import type { Process } from "../spec/generated/types.ts";
import { loadProcess } from "../spec/load.ts";
import { attend, consoleTarget, holdSignals } from "./foreground.ts";
import type { Flags, Invocation } from "./invocation.ts";
import { listenFds } from "./surroundings.ts";
import { parseId, parseUser } from "./user.ts";

/** Flags that say something about the process and so can't stand beside a whole one. */
const PROCESS_FLAGS = ["cwd", "env", "user", "additional-gids", "cap", "no-new-privs", "apparmor", "process-label"];

/** `exec`: another program in a running container; in the foreground it ends as the program ended. */
export async function exec({ context, args, flags }: Invocation): Promise<number> {
  const detach = flags.on("detach");
  const options = { ...execOptions({ context, args, flags }), console: consoleTarget(flags, detach) };
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
    listenFds: listenFds(),
    pidfdSocket: flags.text("pidfd-socket"),
    cgroups: subCgroups(flags.list("cgroup")),
    ignorePaused: flags.on("ignore-paused") || undefined,
  };
  const file = flags.text("process");
  if (file !== undefined) {
    refuseBeside(program, flags);
    const process = readProcess(file, context);
    if (flags.on("tty") && !process.terminal) {
      context.onWarning(`exec: --tty has no effect: the process asks for no terminal (${file} /terminal)`);
    }
    return { ...common, process };
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
    apparmorProfile: flags.text("apparmor") || undefined,
    selinuxLabel: flags.text("process-label") || undefined,
    noNewPrivileges: flags.on("no-new-privs") || undefined,
    terminal: flags.on("tty"),
  };
}

/** `[CONTROLLER,...:]PATH`, several times for several controllers; without them the path is for all. Throws E_USAGE. */
function subCgroups(words: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (words.length === 0) return undefined;
  const subs = new Map<string, string>();
  for (const word of words) {
    const colon = word.indexOf(":");
    const controllers = colon < 0 ? [""] : word.slice(0, colon).split(",");
    for (const controller of controllers) {
      const named = colon < 0 ? words.length === 1 : controller !== "";
      if (!named || subs.has(controller))
        throw new RuntimeError("E_USAGE", `exec: --cgroup ${word}: ${SUB_CGROUP_FORM}`);
      subs.set(controller, word.slice(colon + 1));
    }
  }
  return subs;
}

const SUB_CGROUP_FORM = "one path is expected, or CONTROLLER,...:PATH with each controller once";

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
