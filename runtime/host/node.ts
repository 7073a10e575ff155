/** The port on Node: the core through its N-API addon, waiting through libuv. Importing this file sets the port. */
import { createRequire } from "node:module";
import { type Core, portOver } from "./core.ts";
import { type Loop, Waits } from "./node-waits.ts";
import { type Port, setPort } from "./port.ts";

/** Beside the bundled command line, and as seen from dist/js/runtime/host/. */
const PLACES = ["./tsrun.node", "../../../tsrun.node"];

function loadAddon(): Core & Loop {
  const require = createRequire(import.meta.url);
  const missing: unknown[] = [];
  for (const place of PLACES) {
    try {
      return require(place) as Core & Loop;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
      missing.push(error);
    }
  }
  throw new Error("the addon tsrun.node is not built: run `npm run build`", { cause: missing[0] });
}

/** Only the caller's arguments: what comes before them are node, its options and the script. */
function userArguments(core: Core): string[] {
  const count = process.argv.length - 2;
  return count > 0 ? core.commandLine().slice(-count) : [];
}

/** A port of its own; one per process (or worker) is enough. */
export function nodePort(): Port {
  const addon = loadAddon();
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
