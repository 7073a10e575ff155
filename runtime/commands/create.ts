import { createContainer } from "../container/create.ts";
import type { CreateOptions } from "../container/options.ts";
import type { Invocation } from "./invocation.ts";

/** What create, run and plan are asked to make. */
export function createOptions({ args, flags }: Invocation): CreateOptions {
  return {
    id: args[0] ?? "",
    bundle: flags.text("bundle") ?? ".",
    pidFile: flags.text("pid-file"),
    noPivot: flags.on("no-pivot"),
    noNewKeyring: flags.on("no-new-keyring"),
    preserveFds: flags.integer("preserve-fds"),
  };
}

/** `create`: everything but the program itself is set up; init waits for `start`. */
export async function create(call: Invocation): Promise<number> {
  const container = await createContainer(call.context, createOptions(call));
  container.process.close();
  return 0;
}
