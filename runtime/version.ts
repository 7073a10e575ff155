/** Who this is. A build may say of which commit it was made. */

/** Put in its place by the bundler; absent when the sources run as they are. */
declare const TSRUN_COMMIT: string | undefined;

/** The version in package.json. */
export const VERSION = "0.1.0";

/** The commit that this was built from, or `unknown`. */
export const COMMIT: string = typeof TSRUN_COMMIT === "string" && TSRUN_COMMIT !== "" ? TSRUN_COMMIT : "unknown";

/** The newest version of the runtime specification that is implemented. */
export const SPEC_VERSION = "1.3.0";
