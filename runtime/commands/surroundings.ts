/** What the caller's environment asks of a command. */
import type { ListenFds } from "../container/options.ts";
import { port } from "../host/port.ts";

/** A variable of the caller's environment; undefined when it is not there or empty. */
export function variable(name: string): string | undefined {
  const entry = port()
    .environ()
    .find((one) => one.startsWith(`${name}=`));
  return entry?.slice(name.length + 1) || undefined;
}

/** The sockets handed to this very process (sd_listen_fds(3)), which are its descriptors from 3 on. */
export function listenFds(): ListenFds | undefined {
  const count = Number(variable("LISTEN_FDS") ?? 0);
  if (!Number.isInteger(count) || count <= 0 || variable("LISTEN_PID") !== `${port().getpid()}`) return undefined;
  return { count, names: variable("LISTEN_FDNAMES") };
}
