import { expect, test } from "@jest/globals";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { isTsrun } from "../support/runtime.ts";

const box = useBox();
const has = isTsrun ? test : test.skip;
const tiny = (c: Config): void => {
  c.linux.resources.memory = { limit: 4096 };
};

has("a memory limit that leaves init no room is said to be too low", async () => {
  const container = await box.container(tiny);
  const outcome = await container.run();
  expect(outcome.code).toBe(1);
  expect(outcome.stderr.trimEnd().split("\n").at(-1)).toBe(
    "tsrun: container ran out of memory while it was made: the limit of 4096 bytes is too low (config.json /linux/resources/memory/limit)",
  );
  expect((await container.stateOutcome()).code).not.toBe(0);
  expect(container.cgroup("memory")).toBeUndefined();
});

has("an init that is killed otherwise is not said to have run out of memory", async () => {
  const outcome = await box.run((c) => {
    c.linux.resources.memory = { limit: 64 << 20 };
    c.hooks = {
      createRuntime: [
        { path: "/bin/sh", args: ["sh", "-c", `kill -9 $(sed 's/.*"pid": *\\([0-9]*\\).*/\\1/'); sleep 0.2`] },
      ],
    };
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("createRuntime hook /bin/sh: the container's init is gone");
  expect(outcome.stderr).not.toContain("memory/limit");
});
