import { createContainer } from "../container/create.ts";
import type { CreateOptions } from "../container/options.ts";
import { consoleTarget } from "./foreground.ts";
import type { Invocation } from "./invocation.ts";
import { spoolStdin } from "./stdin.ts";
import { listenFds, variable } from "./surroundings.ts";

/** What create, run and plan are asked to make; `detach` is whether this process leaves before the program ends. */
export async function createOptions({ args, flags }: Invocation, detach: boolean): Promise<CreateOptions> {
  const config = flags.text("config") || undefined;
  return {
    id: args[0] ?? "",
    bundle: flags.text("bundle") ?? ".",
    config: config === "-" ? await spoolStdin() : config,
    pidFile: flags.text("pid-file"),
    noPivot: flags.on("no-pivot"),
    noNewKeyring: flags.on("no-new-keyring"),
    preserveFds: flags.integer("preserve-fds"),
    listenFds: listenFds(),
    notify: variable("NOTIFY_SOCKET") !== undefined,
    pidfdSocket: flags.text("pidfd-socket"),
    console: consoleTarget(flags, detach),
  };
}

/** `create`: everything but the program itself is set up; init waits for `start`. */
export async function create(call: Invocation): Promise<number> {
  const container = await createContainer(call.context, await createOptions(call, true));
  container.process.close();
  return 0;
}
