import { createContainer } from "../container/create.ts";
import type { CreateOptions } from "../container/options.ts";
import { consoleTarget } from "./foreground.ts";
import type { Invocation } from "./invocation.ts";

/** What create, run and plan are asked to make; `detach` is whether this process leaves before the program ends. */
export function createOptions({ args, flags }: Invocation, detach: boolean): CreateOptions {
  return {
    id: args[0] ?? "",
    bundle: flags.text("bundle") ?? ".",
    pidFile: flags.text("pid-file"),
    noPivot: flags.on("no-pivot"),
    noNewKeyring: flags.on("no-new-keyring"),
    preserveFds: flags.integer("preserve-fds"),
    console: consoleTarget(flags, detach),
  };
}

/** `create`: everything but the program itself is set up; init waits for `start`. */
export async function create(call: Invocation): Promise<number> {
  const container = await createContainer(call.context, createOptions(call, true));
  container.process.close();
  return 0;
}
