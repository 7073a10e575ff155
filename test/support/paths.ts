import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout, found from the compiled test (dist/js/test/support/). */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

/** The specification and references that lie beside the checkout; TSRUN_SHARED names another place. */
export const SHARED = process.env.TSRUN_SHARED ?? join(ROOT, "..", "shared");

/** The runtime under test: dist/tsrun, or what TSRUN names. */
export const TSRUN = process.env.TSRUN ?? join(ROOT, "dist", "tsrun");

export const haveShared = existsSync(SHARED);
