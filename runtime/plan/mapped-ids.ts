/** What the id maps of a user namespace mean for the ids that a config names: one that is not mapped stands for nobody. */
import { RuntimeError } from "../errors.ts";
import type { ParsedMountOptions as MountOptions } from "../linux/mount-options.ts";
import type { Process, Spec } from "../spec/generated/types.ts";
import type { UserMaps } from "./host.ts";
import { idMapText, isMapped } from "./id-maps.ts";
import type { PlanContext, PlanWarning } from "./plan.ts";

const MAPPINGS_REF = "config-linux.md#user-namespace-mappings";

/** The ids that init works with: root's, or the program's, or the first that the namespace has. */
export function workingIds(maps: UserMaps | undefined, process: Process | undefined): { uid: number; gid: number } {
  const { uid = 0, gid = 0 } = process?.user ?? {};
  return { uid: firstMapped(maps?.uids, uid), gid: firstMapped(maps?.gids, gid) };
}

function firstMapped(mappings: UserMaps["uids"] | undefined, wanted: number): number {
  if (mappings === undefined || isMapped(mappings, 0)) return 0;
  return isMapped(mappings, wanted) ? wanted : (mappings[0]?.containerID ?? 0);
}

/** Throws E_CONFIG_INVALID when the program's user or one of its groups is not mapped, or groups can't be set. */
export function requireMappedUser({ user }: Process, maps: UserMaps | undefined, pointer: string): void {
  if (maps === undefined) return;
  const { uid = 0, gid = 0, additionalGids = [] } = user ?? {};
  requireMapped(maps.uids, uid, "uid", `${pointer}/user/uid`);
  requireMapped(maps.gids, gid, "gid", `${pointer}/user/gid`);
  for (const [index, group] of additionalGids.entries()) {
    requireMapped(maps.gids, group, "gid", `${pointer}/user/additionalGids/${index}`);
  }
  if (additionalGids.length === 0 || maps.setgroups) return;
  throw new RuntimeError("E_CONFIG_INVALID", "additional groups: setgroups is denied in the user namespace", {
    pointer: `${pointer}/user/additionalGids`,
    specRef: MAPPINGS_REF,
  });
}

function requireMapped(mappings: UserMaps["uids"], id: number, kind: string, pointer: string, subject = ""): void {
  if (isMapped(mappings, id)) return;
  throw new RuntimeError("E_CONFIG_INVALID", `${subject}${kind} ${id} is not mapped in the user namespace`, {
    pointer,
    specRef: MAPPINGS_REF,
  });
}

/** Throws E_CONFIG_INVALID for a filesystem's uid= or gid= that is not mapped, of which the kernel says only EINVAL. */
export function requireMappedOptions(
  { namespaces: { maps } }: PlanContext,
  destination: string,
  { data }: MountOptions,
  from: string,
): void {
  if (maps === undefined) return;
  for (const option of data) {
    const [, kind, id] = /^([ug]id)=(\d+)$/.exec(option) ?? [];
    if (kind === undefined) continue;
    const mappings = kind === "uid" ? maps.uids : maps.gids;
    requireMapped(mappings, Number(id), kind, `${from}/options`, `mount ${destination}: `);
  }
}

/** A namespace that is joined has its maps already: other ones in the config have no effect. */
export function warnOfOtherMaps({ linux }: Spec, userPath: string, maps: UserMaps | undefined): PlanWarning[] {
  if (userPath === "" || maps === undefined) return [];
  return (["uidMappings", "gidMappings"] as const).flatMap((key) => {
    const own = linux?.[key] ?? [];
    const same = own.length === 0 || idMapText(own) === idMapText(key === "uidMappings" ? maps.uids : maps.gids);
    const message = `linux.${key} is not that of the user namespace ${userPath}, which is joined as it is`;
    return same ? [] : [{ message, pointer: `/linux/${key}` }];
  });
}
