/** The port on Node: the core through its N-API addon, waiting through libuv. Importing this file sets the port. */
import { type Core, portOver } from "./core.ts";
import { addon } from "./node-addon.ts";
import { Waits } from "./node-waits.ts";
import { type Port, setPort } from "./port.ts";

/** Only the caller's arguments: what comes before them are node, its options and the script. */
function userArguments(core: Core): string[] {
  const count = process.argv.length - 2;
  return count > 0 ? core.commandLine().slice(-count) : [];
}

/** A port of its own; one per process (or worker) is enough. */
export function nodePort(): Port {
  const waits = new Waits(addon, addon);
  return portOver(addon, {
    argv: () => userArguments(addon),
    close(fd) {
      waits.drop(fd);
      addon.close(fd);
    },
    wait: (fd, events, deadline) => waits.wait(fd, events, deadline),
    sleep: (deadline) => waits.sleep(deadline),
  });
}

setPort(nodePort());
