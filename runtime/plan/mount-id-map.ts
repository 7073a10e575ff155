/** How the ids of a mount are mapped: its own mappings, the option's, or the container's (config.md#posix-platform-mounts). */
import { RuntimeError } from "../errors.ts";
import { type IdRange, parseIdmapOption } from "../linux/idmap-option.ts";
import type { ParsedMountOptions as MountOptions } from "../linux/mount-options.ts";
import type { IdMapping, Mount } from "../spec/generated/types.ts";
import { idMapText, outsideOf } from "./id-maps.ts";
import type { PlanContext } from "./plan.ts";
import type { MountIdMap } from "./slots.ts";

const SPEC_REF = "config.md#posix-platform-mounts";

/** The mapping of a mount, or undefined where its ids are shown as they are. Throws where there is nothing to map by. */
export function mountIdMap(
  { namespaces }: PlanContext,
  mount: Mount,
  { idmap, ridmap, idmapText: text }: MountOptions,
  from: string,
): MountIdMap | undefined {
  const { uidMappings = [], gidMappings = [], destination } = mount;
  const own = uidMappings.length > 0;
  if (!own && !idmap && !ridmap) return undefined;
  if (own) return given(uidMappings, gidMappings, ridmap);
  if (text !== "") {
    const option = parseIdmapOption(text);
    if (typeof option === "string") throw refused(destination, `the option idmap ${option}`, from);
    const uids = absolute(option.uids, namespaces.maps?.uids, destination, from);
    return given(uids, absolute(option.gids, namespaces.maps?.gids, destination, from), ridmap);
  }
  const { maps, userPath } = namespaces;
  if (maps === undefined) throw refused(destination, "id-mapped, but there is no user namespace to map by", from);
  if (userPath !== "") return { uidMap: "", gidMap: "", namespace: userPath, recursive: ridmap };
  return given(maps.uids, maps.gids, ridmap);
}

function given(uids: readonly IdMapping[], gids: readonly IdMapping[], recursive: boolean): MountIdMap {
  return { uidMap: idMapText(uids), gidMap: idMapText(gids), namespace: "", recursive };
}

/** Ranges with ids of the container's user namespace as what these stand for on the host. */
function absolute(
  ranges: readonly IdRange[],
  maps: readonly IdMapping[] | undefined,
  destination: string,
  from: string,
): IdMapping[] {
  return ranges.flatMap((range) => {
    if (!range.relative) return [range];
    const found = maps === undefined ? undefined : outsideOf(maps, range);
    if (found !== undefined) return found;
    const { containerID, hostID, size } = range;
    const reason = maps === undefined ? "there is no user namespace" : "the user namespace does not map all of them";
    throw refused(destination, `ids @${containerID}-${hostID}-${size} of the option idmap: ${reason}`, from);
  });
}

/** A mount of type cgroup is several mounts, none of which the kernel maps. */
export function refuseIdMap({ destination, type, uidMappings }: Mount, options: MountOptions, from: string): void {
  if (!options.idmap && !options.ridmap && !uidMappings?.length) return;
  throw refused(destination, `a mount of type ${type} can't be id-mapped`, from);
}

function refused(destination: string, reason: string, from: string): RuntimeError {
  const details = { pointer: `${from}/options`, specRef: SPEC_REF };
  return new RuntimeError("E_CONFIG_INVALID", `mount ${destination}: ${reason}`, details);
}

/** The mapping in the words of the option, for people; "" for none. */
export function idMapName(map: MountIdMap | undefined): string {
  if (map === undefined) return "";
  const ranges = (text: string) => text.trimEnd().replaceAll(" ", "-").replaceAll("\n", "#");
  const what = map.namespace === "" ? `uids=${ranges(map.uidMap)};gids=${ranges(map.gidMap)}` : map.namespace;
  return `${map.recursive ? "ridmap" : "idmap"}=${what}`;
}
