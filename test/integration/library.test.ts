/** One process, many containers: nothing that waits for one of them may hold up the others. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { Session } from "../../bundles/session.js";
import {
  type Context,
  containerState,
  createContainer,
  deleteContainer,
  listContainers,
  startContainer,
} from "../../runtime/library.js";
import { isTsrun, when } from "../support/runtime.js";

const COUNT = 50;
const LIMIT_MS = 50;

let session: Session;
let context: Context;
const ids: string[] = [];

beforeAll(async () => {
  session = await Session.open();
  const root = join(session.dir, "library");
  mkdirSync(root);
  context = { root, onWarning: () => {} };
});

afterAll(async () => {
  for (const { id } of listContainers(context).map((entry) => ("state" in entry ? entry.state : entry))) {
    await deleteContainer(context, id, { force: true });
  }
  rmSync(context.root, { recursive: true, force: true });
  expect(await session.close()).toEqual([]);
}, 120_000);

async function bundleOf(hook?: string): Promise<string> {
  const container = await session.container((config) => {
    config.process.args = ["/bin/sleep", "1000"];
    delete (config.linux as { cgroupsPath?: string }).cgroupsPath;
    config.linux.cgroupsPath = `/${session.unique()}`;
    if (hook !== undefined) {
      config.hooks = { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", hook] }] };
    }
  });
  return container.bundle;
}

when(isTsrun, "this is about tsrun's own library")(
  "50 containers answer at once while a hook sleeps and a create hangs",
  async () => {
    for (let index = 0; index < COUNT; index++) {
      const id = session.unique();
      const { process } = await createContainer(context, { id, bundle: await bundleOf() });
      process.close();
      await startContainer(context, id);
      ids.push(id);
    }
    const sleeping = session.unique();
    const hanging = session.unique();
    const slow = createContainer(context, { id: sleeping, bundle: await bundleOf("sleep 10") });
    const stuck = createContainer(context, { id: hanging, bundle: await bundleOf("exec sleep 100000") });
    const ended = stuck.then(
      () => "created",
      (error: Error) => error.message,
    );
    let answered = 0;
    const until = performance.now() + 3000;
    let longest = 0;
    while (performance.now() < until) {
      for (const id of ids) {
        const begun = performance.now();
        const { status } = await Promise.resolve().then(() => containerState(context, id));
        longest = Math.max(longest, performance.now() - begun);
        expect(status).toBe("running");
        answered++;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(answered).toBeGreaterThan(COUNT);
    expect(longest).toBeLessThan(LIMIT_MS);
    expect(containerState(context, sleeping).status).toBe("creating");
    expect(containerState(context, hanging).status).toBe("creating");
    await deleteContainer(context, hanging, { force: true });
    expect(await ended).toMatch(/hook/);
    const { process } = await slow;
    process.close();
    expect(containerState(context, sleeping).status).toBe("created");
  },
  120_000,
);
