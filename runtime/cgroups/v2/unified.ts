import { RuntimeError } from "../../errors.ts";
import type { CgroupTree } from "../layout.ts";
import type { CgroupWrite, Resources } from "../types.ts";

const AT = "/linux/resources/unified";
/** Files that move, stop or kill processes instead of setting a parameter. */
const CONTROLS = new Set(["cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze"]);

export interface UnifiedWrites {
  readonly writes: readonly CgroupWrite[];
  /** Controllers that the files belong to. */
  readonly controllers: readonly string[];
}

/**
 * resources.unified (config-linux.md#unified): any file of the v2 cgroup, as it is, in the order given, line by line.
 * Throws where there is no v2 tree or where it lacks the file's controller.
 */
export function unifiedWrites({ unified = {} }: Resources, tree: CgroupTree | null): UnifiedWrites {
  const controllers = new Set<string>();
  const writes = Object.entries(unified).map(([file, value]): CgroupWrite => {
    const from = `${AT}/${file.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (!/^[^/.\0\n][^/\0\n]*$/.test(file) || CONTROLS.has(file)) {
      throw new RuntimeError("E_CONFIG_INVALID", `unified ${file}: is not the name of a cgroup parameter`, {
        pointer: from,
      });
    }
    const controller = file.slice(0, Math.max(0, file.indexOf(".")));
    checkController(controller, file, tree, from);
    if (controller !== "cgroup") controllers.add(controller);
    return { file, value, from };
  });
  return { writes, controllers: [...controllers] };
}

function checkController(controller: string, file: string, tree: CgroupTree | null, pointer: string): void {
  if (tree === null || !tree.writable) {
    throw new RuntimeError("E_HOST_UNSUPPORTED", `unified ${file}: this host has no cgroup v2 tree to write to`, {
      pointer,
    });
  }
  if (controller === "cgroup" || tree.controllers.includes(controller)) return;
  const message = `unified ${file}: the cgroup v2 tree of this host has no ${controller || "such"} controller`;
  throw new RuntimeError("E_HOST_UNSUPPORTED", message, { pointer });
}
