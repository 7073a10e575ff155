import { afterAll, beforeAll, expect } from "@jest/globals";
import { type CommandOptions, type Outcome, succeeded } from "../../bundles/command.ts";
import type { Needs } from "../../bundles/runtimes.ts";
import { type Change, type ContainerOptions, Session } from "../../bundles/session.ts";
import { TSRUN } from "./paths.ts";

/** A session for one test file, and the shortest ways to use it. */
export interface Box {
  /** The session itself; only inside tests. */
  readonly session: Session;
  /** Makes, runs to the end, and removes a container. */
  run(change?: Change, options?: ContainerOptions & CommandOptions): Promise<Outcome>;
  /** Runs a shell script in a container that must end with 0; its stdout without the last newline. */
  sh(script: string, change?: Change, options?: ContainerOptions & CommandOptions): Promise<string>;
  /** Makes a bundle whose container is removed at the end of the file. */
  container: Session["container"];
}

/**
 * Opens a session before the tests of a file; after them, nothing that bears its name may be left on the host.
 * `needs`: see `Session.open`.
 */
export function useBox(needs?: (dir: string) => Needs): Box {
  let session: Session | undefined;
  const current = (): Session => {
    if (session === undefined) throw new Error("the session opens before the first test");
    return session;
  };
  beforeAll(async () => {
    session = await Session.open(TSRUN, needs);
  });
  afterAll(async () => {
    expect(await session?.close()).toEqual([]);
  });
  return {
    get session() {
      return current();
    },
    run: (change, options) => current().run(change, options),
    async sh(script, change = () => undefined, options = {}) {
      const outcome = await current().run((config, container) => {
        config.process.args = ["/bin/sh", "-c", script];
        change(config, container);
      }, options);
      return succeeded(outcome).stdout.trimEnd();
    },
    container: (change, options) => current().container(change, options),
  };
}
