/** Default devices and links, and linux.devices (config-linux.md#default-devices, #devices). */
import { RuntimeError } from "../errors.ts";
import { S_IFIFO } from "../linux/flags.ts";
import { type DeviceNode, deviceName, deviceNodes } from "./device-nodes.ts";
import type { Step } from "./generated/step.ts";
import { containerPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

/** Path, target, replaced when something else is there. */
const DEFAULT_LINKS: readonly (readonly [string, string, 0 | 1])[] = [
  ["/dev/fd", "/proc/self/fd", 0],
  ["/dev/stdin", "/proc/self/fd/0", 0],
  ["/dev/stdout", "/proc/self/fd/1", 0],
  ["/dev/stderr", "/proc/self/fd/2", 0],
  ["/dev/ptmx", "pts/ptmx", 1],
];
const KERNEL_CORE = ["/dev/core", "/proc/kcore", 0] as const;

/** Device nodes, then links; none when /dev itself is bound from the host, whose nodes are not ours to change. */
export function deviceSteps(context: PlanContext): Step[] {
  if (hostDev(context)) return [];
  const nodes = deviceNodes(context.spec);
  const bound = bindsDevices(context);
  const configured = new Set(nodes.filter(({ from }) => from !== "/linux").map(({ path }) => path));
  const links = context.host.hasKernelCore ? [...DEFAULT_LINKS, KERNEL_CORE] : DEFAULT_LINKS;
  return [
    ...nodes.map((node) => (bound && node.type !== S_IFIFO ? bindNode(context, node) : makeNode(node))),
    ...links
      .filter(([path]) => !configured.has(path))
      .map(([path, target, replace]): Step => {
        return { step: "symlink", by: "init", from: "/linux", path, target, replace };
      }),
  ];
}

/** The kernel makes device nodes for the first user namespace only: elsewhere the host's are bound. */
function bindsDevices({ namespaces, host }: PlanContext): boolean {
  return namespaces.hasUser || host.inUserNamespace;
}

/** Whether /dev is the host's. */
export function hostDev({ spec }: PlanContext): boolean {
  return (spec.mounts ?? []).some(
    (mount) =>
      containerPath(mount.destination) === "/dev" &&
      (mount.type === "bind" || (mount.options ?? []).some((option) => option === "bind" || option === "rbind")),
  );
}

function makeNode({ path, type, mode, major, minor, uid, gid, from }: DeviceNode): Step {
  return { step: "makeDevice", by: "init", from, path, type, mode, major, minor, uid, gid };
}

function bindNode({ slots, host, namespaces, warnings }: PlanContext, node: DeviceNode): Step {
  const { path, from } = node;
  const source = host.deviceSources[deviceName(node)];
  if (source === undefined) {
    const what = `device ${path} (${deviceName(node)})`;
    throw new RuntimeError("E_DEVICE", `${what}: a user namespace can't make it, and the host has none to bind`, {
      pointer: from,
      specRef: "config-linux.md#devices",
    });
  }
  if (node.exact && !host.sameDevices.has(from)) {
    warnings.push({
      message: `device ${path} keeps the host's mode and owner: it is bound from ${source}`,
      pointer: from,
    });
  }
  const slot = namespaces.hasUser
    ? slots.add({ kind: "tree", path: source, recursive: false, locked: true, from })
    : -1;
  return { ...BIND, from, target: path, source, slot };
}

const BIND = {
  step: "bind",
  by: "init",
  recursive: 0,
  flags: 0,
  attrSet: 0,
  attrClear: 0,
  recursiveSet: 0,
  recursiveClear: 0,
  propagation: [],
  idMap: "",
  sourceNofollow: 0,
  targetNofollow: 0,
} as const;
