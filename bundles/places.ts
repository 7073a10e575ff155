import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout, found from the compiled file (dist/js/bundles/). */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Where root filesystems are kept once made; TSRUN_CACHE names another place. */
export const CACHE = process.env.TSRUN_CACHE ?? join(ROOT, "dist", "cache");

/** The runtime to call: dist/tsrun, or what TSRUN names. */
export const RUNTIME = process.env.TSRUN ?? join(ROOT, "dist", "tsrun");

/** The captured and the hand-written config.json files, which are read from the checkout itself. */
export const CONFIGS = join(ROOT, "bundles", "configs");
