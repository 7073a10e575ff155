import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output, succeeded } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import { useBox } from "../support/container.ts";
import { type MountLine, parseMounts } from "../support/mountinfo.ts";

// Shared mounts, as systemd makes all of them, in a mount namespace that only this file's runtime commands live in.
const box = useBox((dir) => ({
  mounts: [
    `mkdir ${dir}/shared`,
    `mount -t tmpfs -o mode=755 shared ${dir}/shared`,
    `mkdir ${dir}/shared/below`,
    `mount --make-rshared ${dir}/shared`,
  ].join("; "),
}));
const OUTSIDE = 100_000;

/** What is mounted below the session's shared mount while a container in a user namespace of its own runs. */
async function mountedOutside(change: (c: Config) => void, rootfs = "own"): Promise<readonly MountLine[]> {
  const mapping = [{ containerID: 0, hostID: OUTSIDE, size: 65_536 }];
  const container = await box.container(
    (c) => {
      c.linux.namespaces.push({ type: "user" });
      c.linux.uidMappings = mapping;
      c.linux.gidMappings = mapping;
      c.process.args = ["sleep", "100"];
      change(c);
    },
    { rootfs },
  );
  if (rootfs === "own") await output("chown", ["-hR", `${OUTSIDE}:${OUTSIDE}`, join(container.bundle, "rootfs")]);
  succeeded(await container.detach());
  const [program = "", ...args] = outside("cat", "/proc/self/mountinfo");
  const lines = parseMounts(await output(program, args));
  await box.session.remove(container);
  return lines.filter(({ point }) => point.startsWith(`${box.session.dir}/shared/`));
}

/** A command line that runs where the runtime's commands run. */
function outside(...words: string[]): string[] {
  return [...box.session.argv([]).slice(0, -3), ...words];
}

test("what is mounted below a bound directory does not reach the host", async () => {
  const mounted = await mountedOutside((c) => {
    const source = `${box.session.dir}/shared`;
    c.mounts.push({ destination: "/mnt", type: "bind", source, options: ["rbind"] });
    c.mounts.push({ destination: "/mnt/below", type: "tmpfs", source: "tmpfs", options: [] });
  });
  expect(mounted).toEqual([]);
});

test("what is mounted in the root filesystem does not reach the host", async () => {
  const rootfs = `${box.session.dir}/shared/rootfs`;
  const [program = "", ...args] = outside("sh", "-c", `mkdir ${rootfs} && cp -a $1/. ${rootfs}`, "-");
  const shared = await box.container();
  await output(program, [...args, shared.config.root.path]);
  const [chown = "", ...owner] = outside("chown", "-hR", `${OUTSIDE}:${OUTSIDE}`, rootfs);
  await output(chown, owner);
  expect(await mountedOutside(() => undefined, rootfs)).toEqual([]);
});
