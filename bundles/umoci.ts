import { join } from "node:path";
import { busyboxRootfs } from "./busybox.ts";
import { cached } from "./cache.ts";
import { output } from "./command.ts";

async function umoci(...args: string[]): Promise<void> {
  await output("umoci", args, { timeout: 60_000 });
}

/** An OCI image of the busybox rootfs, made by umoci; returns its `LAYOUT:TAG`. */
export async function busyboxImage(): Promise<string> {
  const rootfs = await busyboxRootfs();
  const folder = await cached("image", rootfs.slice(rootfs.lastIndexOf("/") + 1), async (draft) => {
    const image = `${draft}/layout:v1`;
    await umoci("init", "--layout", join(draft, "layout"));
    await umoci("new", "--image", image);
    await umoci("insert", "--image", image, rootfs, "/");
    const config = ["--config.cmd", "/bin/sh", "--config.env", "GREETING=hello", "--config.workingdir", "/tmp"];
    await umoci("config", "--image", image, ...config, "--config.user", "1000:1000", "--config.label", "maker=bundles");
  });
  return `${join(folder, "layout")}:v1`;
}

/** Unpacks the image as a bundle at `folder`, which must not exist: config.json is umoci's own. */
export async function umociBundle(folder: string): Promise<void> {
  await umoci("unpack", "--image", await busyboxImage(), folder);
}
