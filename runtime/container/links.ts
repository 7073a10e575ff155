/** Mount sources that are symbolic links and that the option copy-symlink has made again in the container. */
import { isSystemError, port } from "../host/port.ts";
import { EINVAL, ENOENT } from "../linux/errno.ts";
import { hostPath } from "../plan/paths.ts";
import type { Spec } from "../spec/generated/types.ts";

/** Their targets by the source as the config has it. What is no link, or not there, is left to the bind mount. */
export function probeLinks({ mounts = [] }: Spec, bundle: string): { [source: string]: string } {
  const links: { [source: string]: string } = {};
  for (const { source, options } of mounts) {
    if (!source || !options?.includes("copy-symlink")) continue;
    try {
      links[source] = port().readlink(hostPath(source, bundle));
    } catch (error) {
      if (!isSystemError(error, EINVAL, ENOENT)) throw error;
    }
  }
  return links;
}
