/** A caller that is in a user namespace itself, as in an unprivileged container. */
import { expect } from "@jest/globals";
import { run, succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, unlessPeer, when } from "../support/runtime.ts";

const box = useBox();
const INSIDE = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "slave"];

/** What such a caller may have: neither a network nor a sysfs of its own. */
function modest(c: Config): void {
  c.linux.namespaces = c.linux.namespaces.filter(({ type }) => type !== "network");
  c.mounts = c.mounts.filter(({ destination }) => !destination.startsWith("/sys"));
  for (const mount of c.mounts) mount.options = mount.options?.filter((option) => option !== "gid=5") ?? [];
  c.linux.maskedPaths = [];
  c.linux.readonlyPaths = [];
}

async function nested(script: string): Promise<{ stdout: string; stderr: string }> {
  const container = await box.container((c) => {
    modest(c);
    c.process.args = ["sh", "-c", script];
  });
  const [file = "", ...args] = [...INSIDE, ...box.session.argv(["run", "--bundle", container.bundle, container.id])];
  return succeeded(await run(file, args));
}

unlessPeer(["crun"], "needs cgroups laid out anew, which the caller may not")(
  "runs a container with the devices of the caller's and without groups of its own",
  async () => {
    const { stdout } = await nested("cat /proc/self/uid_map; echo lost > /dev/null; test -c /dev/null && id -u");
    expect(stdout.trim().split(/\s+/)).toEqual(["0", "0", "1", "0"]);
  },
);

when(isTsrun, "the peers say nothing")("says that devices are not restricted", async () => {
  const { stderr } = await nested("true");
  expect(stderr).toContain(
    "devices: access is not restricted, as this host offers no way to (config.json /linux/resources/devices)",
  );
});
