/** The root filesystem around the mounts: opened before them, entered and sealed after them. */
import { RuntimeError } from "../errors.ts";
import { MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE } from "../linux/flags.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { createConsoleSteps } from "./console.ts";
import type { Step } from "./generated/step.ts";
import { sealSteps } from "./late-readonly.ts";
import { hasOwn } from "./namespaces.ts";
import { containerPath } from "./paths.ts";
import type { PlanContext } from "./plan.ts";

/**
 * Propagation of the copied host tree: slave unless the config asks for private, so that nothing of the container
 * reaches the host; with `shared` the host's own propagation is kept, as the config demands.
 */
const HOST_TREE: Readonly<Record<string, number>> = {
  private: MS_PRIVATE | MS_REC,
  rprivate: MS_PRIVATE | MS_REC,
  shared: MS_SHARED | MS_REC,
  rshared: MS_SHARED | MS_REC,
};
const DEFAULT_HOST_TREE = MS_SLAVE | MS_REC;

/** linux.rootfsPropagation as the flags of the container's own root after pivot_root. */
const CONTAINER_ROOT: Readonly<Record<string, number>> = {
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  unbindable: MS_UNBINDABLE,
  runbindable: MS_UNBINDABLE | MS_REC,
};

/** Names of the machine and the way to the root filesystem. */
export function beforeMountSteps(context: PlanContext): Step[] {
  const { spec, namespaces, options, slots } = context;
  const steps: Step[] = [];
  if (hasOwn(namespaces, NAMESPACES.mount.flag)) {
    const propagation = spec.linux?.rootfsPropagation;
    const from = propagation ? "/linux/rootfsPropagation" : "/root";
    const flags = (propagation && HOST_TREE[propagation]) || DEFAULT_HOST_TREE;
    steps.push({ step: "setPropagation", by: "init", from, flags });
  } else requireNoMounts(context);
  const path = options.rootfs;
  const slot = namespaces.hasUser
    ? slots.add({ kind: "tree", path, recursive: true, locked: true, from: "/root/path" })
    : -1;
  steps.push({ step: "openRoot", by: "init", from: "/root/path", path, slot });
  return steps;
}

/** Without a mount namespace of its own a container would change the host's mount table. */
function requireNoMounts({ spec }: PlanContext): void {
  const needs: readonly (readonly [string, unknown])[] = [
    ["/mounts", spec.mounts?.length],
    ["/root/readonly", spec.root?.readonly],
    ["/linux/maskedPaths", spec.linux?.maskedPaths?.length],
    ["/linux/readonlyPaths", spec.linux?.readonlyPaths?.length],
    ["/linux/rootfsPropagation", spec.linux?.rootfsPropagation],
  ];
  const pointer = needs.find(([, wanted]) => wanted)?.[0];
  if (pointer === undefined) return;
  throw new RuntimeError("E_CONFIG_INVALID", "mounts, masked and read-only paths need a mount namespace", {
    pointer,
    specRef: "config-linux.md#namespaces",
  });
}

/** Kernel parameters while the host's procfs can still be reached, then the new root. */
export function pivotSteps({ spec, namespaces, options }: PlanContext): Step[] {
  const sysctls = Object.entries(spec.linux?.sysctl ?? {}).map(([key, value]): Step => {
    const from = `/linux/sysctl/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return { step: "setSysctl", by: "init", from, file: sysctlFile(key), value };
  });
  const enter = hasOwn(namespaces, NAMESPACES.mount.flag) && !options.noPivot ? "pivotRoot" : "chroot";
  const loopback = (namespaces.created & NAMESPACES.network.flag) !== 0;
  return [
    ...(loopback ? [{ step: "setLinkUp", by: "init", from: "/linux/namespaces", name: "lo" } as const] : []),
    ...(spec.hostname ? [{ step: "setHostname", by: "init", from: "/hostname", name: spec.hostname } as const] : []),
    ...(spec.domainname
      ? [{ step: "setDomainname", by: "init", from: "/domainname", name: spec.domainname } as const]
      : []),
    ...sysctls,
    { step: enter, by: "init", from: "/root/path" },
  ];
}

/** sysctl(8)'s rule: the first separator decides whether dots or slashes part the name. */
function sysctlFile(key: string): string {
  const slash = key.indexOf("/");
  const dot = key.indexOf(".");
  if (slash >= 0 && (dot < 0 || slash < dot)) return key;
  return key.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}

/** What seals the root: propagation, the terminal, the cwd made while it is writable, masks, read-only paths. */
export function afterPivotSteps(context: PlanContext): Step[] {
  const { spec, namespaces } = context;
  const propagation = spec.linux?.rootfsPropagation;
  const flags = propagation ? CONTAINER_ROOT[propagation] : undefined;
  const cwd = spec.process?.cwd;
  const label = spec.linux?.mountLabel ?? "";
  const own = hasOwn(namespaces, NAMESPACES.mount.flag);
  return [
    ...(own && flags !== undefined
      ? [{ step: "setPropagation", by: "init", from: "/linux/rootfsPropagation", flags } as const]
      : []),
    ...createConsoleSteps(context),
    ...(cwd
      ? [{ step: "setCwd", by: "init", from: "/process/cwd", path: containerPath(cwd), create: 1 } as const]
      : []),
    ...sealSteps(context),
    ...(spec.root?.readonly ? [{ step: "makeRootReadonly", by: "init", from: "/root/readonly" } as const] : []),
    ...(spec.linux?.readonlyPaths ?? []).map((path, index): Step => {
      const from = `/linux/readonlyPaths/${index}`;
      return { step: "makeReadonly", by: "init", from, path: containerPath(path) };
    }),
    ...(spec.linux?.maskedPaths ?? []).map((path, index): Step => {
      return { step: "mask", by: "init", from: `/linux/maskedPaths/${index}`, path: containerPath(path), label };
    }),
  ];
}
