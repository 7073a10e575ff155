/** Loads the N-API addon. */
import { createRequire } from "node:module";
import type { Core } from "./core.ts";
import type { Loop } from "./node-waits.ts";

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

/** The core and Node's loop. */
export const addon: Core & Loop = loadAddon();
