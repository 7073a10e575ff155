/** Which namespaces are made, which are joined and in what order, and the id maps (config-linux.md#namespaces). */
import { RuntimeError } from "../errors.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Spec } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import type { Host, UserMaps } from "./host.ts";
import { idMapText } from "./id-maps.ts";
import type { Slots } from "./slots.ts";

interface Join {
  readonly flag: number;
  readonly path: string;
  readonly from: string;
}

export interface NamespacePlan {
  /** CLONE_NEW* bits of new namespaces. */
  readonly created: number;
  /** Those of them that init's clone makes: a new time namespace is entered only by a child of who has made it. */
  readonly cloned: number;
  /** CLONE_NEW* bits of all that are not the caller's. */
  readonly own: number;
  readonly hasUser: boolean;
  readonly newUser: boolean;
  readonly needsLauncher: boolean;
  /** The launcher's steps: a new time namespace, then setns, outer-owned namespaces before the user namespace. */
  readonly joins: (slots: Slots) => Step[];
  /** The maps of the container's user namespace, new or joined. */
  readonly maps: UserMaps | undefined;
  /** Path of the user namespace that is joined, or "". */
  readonly userPath: string;
  /** The parent's writeIdMaps, when the user namespace is new. */
  readonly idMaps: readonly Step[];
}

/**
 * Sorts the config's namespaces into made and joined ones; to join the caller's own is to have none. Throws E_NAMESPACE
 * when a path is of the wrong type.
 */
export function planNamespaces(spec: Spec, host: Host): NamespacePlan {
  let created = 0;
  const joined: Join[] = [];
  for (const [index, namespace] of (spec.linux?.namespaces ?? []).entries()) {
    const flag = NAMESPACES[namespace.type].flag;
    const from = `/linux/namespaces/${index}`;
    if (!namespace.path) created |= flag;
    else if (!isOwn(host, flag, namespace.path)) {
      joined.push(checkedJoin(host, flag, namespace.type, namespace.path, from));
    }
  }
  const joinedFlags = joined.reduce((flags, join) => flags | join.flag, 0);
  const newUser = (created & NAMESPACES.user.flag) !== 0;
  const newTime = (created & NAMESPACES.time.flag) !== 0;
  const userPath = joined.find(({ flag }) => flag === NAMESPACES.user.flag)?.path ?? "";
  return {
    created,
    cloned: created & ~NAMESPACES.time.flag,
    own: created | joinedFlags,
    hasUser: newUser || userPath !== "",
    newUser,
    needsLauncher: joined.length > 0 || newTime,
    joins: (slots) => [...(newTime ? timeSteps(spec) : []), ...joinSteps(joined, host, slots)],
    maps: newUser ? configuredMaps(spec) : userPath === "" ? undefined : host.joinedUser,
    userPath,
    idMaps: newUser ? idMapSteps(spec) : [],
  };
}

/**
 * Offsets can be written until the first process is in the namespace, and only by one that will not be (seen on 6.x:
 * EACCES for the parent of who was cloned into it). They come first, while procfs is the host's.
 */
function timeSteps({ linux }: Spec): Step[] {
  const index = linux?.namespaces?.findIndex(({ type }) => type === "time") ?? 0;
  const from = `/linux/namespaces/${index}`;
  const offsets = Object.entries(linux?.timeOffsets ?? {})
    .map(([clock, { secs = 0, nanosecs = 0 }]) => `${clock} ${secs} ${nanosecs}\n`)
    .join("");
  return [
    { step: "unshareNamespace", by: "launcher", from, flags: NAMESPACES.time.flag },
    ...(offsets === ""
      ? []
      : [{ step: "setTimeOffsets", by: "launcher", from: "/linux/timeOffsets", offsets } as const]),
  ];
}

function isOwn(host: Host, flag: number, path: string): boolean {
  const id = host.namespaceFiles[path]?.id;
  return id !== undefined && id === host.ownNamespaces[flag];
}

function configuredMaps({ linux }: Spec): UserMaps {
  return { uids: linux?.uidMappings ?? [], gids: linux?.gidMappings ?? [], setgroups: true };
}

function checkedJoin(host: Host, flag: number, type: string, path: string, from: string): Join {
  const file = host.namespaceFiles[path];
  if (file !== undefined && file.type !== flag) {
    const found = Object.entries(NAMESPACES).find(([, row]) => row.flag === file.type)?.[0] ?? "unknown";
    throw new RuntimeError("E_NAMESPACE", `join ${type} namespace ${path}: it is a ${found} namespace`, {
      pointer: `${from}/path`,
      specRef: "config-linux.md#namespaces",
    });
  }
  return { flag, path, from };
}

/**
 * setns needs CAP_SYS_ADMIN in the owner of a namespace: those that the caller's user namespace owns are joined before
 * the user namespace is entered, those that the joined one owns after it. setns(pid) moves only children; the mount
 * namespace comes last of its group because it changes what paths mean.
 */
function joinSteps(joined: readonly Join[], host: Host, slots: Slots): Step[] {
  const user = joined.find((join) => join.flag === NAMESPACES.user.flag);
  const userId = user === undefined ? undefined : host.namespaceFiles[user.path]?.id;
  const inner = (join: Join) => userId !== undefined && host.namespaceFiles[join.path]?.owner === userId;
  const mountLast = (a: Join, b: Join) =>
    Number(a.flag === NAMESPACES.mount.flag) - Number(b.flag === NAMESPACES.mount.flag);
  const others = joined.filter((join) => join !== user).sort(mountLast);
  const ordered = [
    ...others.filter((join) => !inner(join)),
    ...(user === undefined ? [] : [user]),
    ...others.filter(inner),
  ];
  const steps = ordered.map(
    ({ flag, path, from }): Step => ({
      step: "joinNamespace",
      by: "launcher",
      from,
      slot: slots.add({ kind: "namespace", path, from: `${from}/path` }),
      flags: flag,
      path,
    }),
  );
  return steps;
}

function idMapSteps(spec: Spec): Step[] {
  return [
    {
      step: "writeIdMaps",
      by: "parent",
      from: "/linux/uidMappings",
      uidMap: idMapText(spec.linux?.uidMappings ?? []),
      gidMap: idMapText(spec.linux?.gidMappings ?? []),
      setgroups: "allow",
    },
  ];
}

/** Whether the container has a namespace of its own (new or joined) of the given kind. */
export function hasOwn(plan: NamespacePlan, flag: number): boolean {
  return (plan.own & flag) !== 0;
}
