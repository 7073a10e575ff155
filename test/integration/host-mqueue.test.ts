import { join } from "node:path";
import { expect } from "@jest/globals";
import { output } from "../../bundles/command.ts";
import { useBox } from "../support/container.ts";
import { mountAt, parseMounts } from "../support/mountinfo.ts";
import { unlessPeer } from "../support/runtime.ts";

/** A /dev like the host's, but with a message queue, in a mount namespace that only this file's commands live in. */
const box = useBox((dir) => ({
  mounts: [
    `mkdir ${dir}/dev`,
    `mount -t tmpfs -o mode=755 dev ${dir}/dev`,
    `for f in null zero full random urandom tty ptmx; do touch ${dir}/dev/$f; mount --bind /dev/$f ${dir}/dev/$f; done`,
    `mkdir ${dir}/dev/pts ${dir}/dev/shm ${dir}/dev/mqueue`,
    `mount --bind /dev/pts ${dir}/dev/pts`,
    `ln -s /proc/self/fd ${dir}/dev/fd`,
    `mount -t mqueue queues ${dir}/dev/mqueue`,
    `mount --rbind ${dir}/dev /dev`,
  ].join("; "),
}));

unlessPeer(["crun", "runc"], "fails: it takes none from the host")(
  "mqueue comes from the host where the ipc namespace is the host's",
  async () => {
    const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    const rootfs = join(box.session.dir, "rootfs");
    const { config } = await box.container();
    await output("cp", ["-a", config.root.path, rootfs]);
    await output("chown", ["-hR", "100000:100000", rootfs]);
    const seen = await box.sh(
      "cat /proc/self/mountinfo",
      (c) => {
        c.linux.namespaces = [...c.linux.namespaces.filter(({ type }) => type !== "ipc"), { type: "user" }];
        c.linux.uidMappings = mapping;
        c.linux.gidMappings = mapping;
      },
      { rootfs },
    );
    const mount = mountAt(parseMounts(seen), "/dev/mqueue");
    expect([mount.type, mount.source]).toEqual(["mqueue", "queues"]);
  },
);
