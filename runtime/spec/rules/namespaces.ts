/** Rules on namespaces, id maps and what needs a namespace of its own. */

import type { NamespaceType } from "../../linux/namespaces.ts";
import { type Finding, fault, NONE } from "../finding.ts";
import type { IdMapping, Namespace, Spec } from "../generated/types.ts";

const NAMESPACES_REF = "config-linux.md#namespaces";
const MAPPINGS_REF = "config-linux.md#user-namespace-mappings";
/** Lines that /proc/PID/uid_map takes (user_namespaces(7), since 4.15). */
const MOST_MAPPINGS = 340;
const IDS = 2 ** 32 - 1;
/** Longest name that sethostname(2) takes (HOST_NAME_MAX). */
const LONGEST_HOSTNAME = 64;

/** The entry of a namespace type, or undefined when the container shares the runtime's. */
export function namespaceOf(spec: Spec, type: NamespaceType): Namespace | undefined {
  return spec.linux?.namespaces?.find((namespace) => namespace.type === type);
}

function isNew(namespace: Namespace | undefined): boolean {
  return namespace !== undefined && !namespace.path;
}

/** One of each type, joined by absolute paths. */
export function namespaces(spec: Spec): readonly Finding[] {
  const list = spec.linux?.namespaces;
  if (list === undefined) return NONE;
  const found: Finding[] = [];
  const seen = new Set<string>();
  list.forEach(({ type, path }, i) => {
    const pointer = `/linux/namespaces/${i}`;
    if (seen.has(type)) found.push(fault(pointer, `linux.namespaces has ${type} more than once`, NAMESPACES_REF));
    seen.add(type);
    if (path && !path.startsWith("/")) {
      const message = `path of the ${type} namespace must be absolute (got ${JSON.stringify(path)})`;
      found.push(fault(`${pointer}/path`, message, NAMESPACES_REF));
    }
  });
  return found;
}

/** Names are set in a UTS namespace of the container, never in the host's. */
export function names(spec: Spec): readonly Finding[] {
  const found: Finding[] = [];
  for (const key of ["hostname", "domainname"] as const) {
    const name = spec[key];
    if (!name) continue;
    if (namespaceOf(spec, "uts") === undefined)
      found.push(fault(`/${key}`, `${key} needs a uts namespace`, `config.md#${key}`));
    if (name.length > LONGEST_HOSTNAME) {
      found.push(fault(`/${key}`, `${key} is longer than ${LONGEST_HOSTNAME} characters`, `config.md#${key}`));
    }
  }
  return found;
}

/** What is wrong with one id map, wherever it stands. `name` is its dotted path. */
export function mappingFaults(mappings: readonly IdMapping[] | undefined, pointer: string, name: string): Finding[] {
  const found: Finding[] = [];
  if (mappings === undefined) return found;
  if (mappings.length > MOST_MAPPINGS) {
    found.push(fault(pointer, `${name} has more than ${MOST_MAPPINGS} entries`, MAPPINGS_REF));
  }
  mappings.forEach(({ containerID, hostID, size }, i) => {
    const refuse = (key: string, message: string): void => {
      found.push(fault(`${pointer}/${i}${key}`, `${name}[${i}] ${message}`, MAPPINGS_REF));
    };
    if (size === 0) refuse("/size", "maps no id");
    if (Math.max(containerID, hostID) + size > IDS) refuse("/size", "goes beyond the highest id");
    const other = mappings.slice(0, i).findIndex((earlier) => overlap(earlier, { containerID, hostID, size }));
    if (other !== -1) refuse("", `overlaps ${name}[${other}]`);
  });
  return found;
}

function overlap(a: IdMapping, b: IdMapping): boolean {
  const meets = (x: number, y: number): boolean => x < y + b.size && y < x + a.size;
  return meets(a.containerID, b.containerID) || meets(a.hostID, b.hostID);
}

/** A new user namespace needs both maps; maps need a user namespace. */
export function mappings(spec: Spec): readonly Finding[] {
  const { uidMappings, gidMappings } = spec.linux ?? {};
  const user = namespaceOf(spec, "user");
  const found: Finding[] = [];
  const check = (key: "uidMappings" | "gidMappings", list: readonly IdMapping[] | undefined): void => {
    const given = list !== undefined && list.length > 0;
    const pointer = `/linux/${key}`;
    if (given && user === undefined) found.push(fault(pointer, `linux.${key} needs a user namespace`, MAPPINGS_REF));
    if (!given && isNew(user)) found.push(fault(pointer, `a new user namespace needs linux.${key}`, MAPPINGS_REF));
    found.push(...mappingFaults(list, pointer, `linux.${key}`));
  };
  check("uidMappings", uidMappings);
  check("gidMappings", gidMappings);
  return found;
}

/** Ids of the program that the maps of a new user namespace don't have: nobody could take them. */
export function mappedIds(spec: Spec): readonly Finding[] {
  const { uidMappings = [], gidMappings = [] } = spec.linux ?? {};
  const user = spec.process?.user;
  if (user === undefined || !isNew(namespaceOf(spec, "user"))) return NONE;
  const found: Finding[] = [];
  const check = (id: number, key: string, name: string, maps: readonly IdMapping[]): void => {
    const mapped = maps.some(({ containerID, size }) => id >= containerID && id < containerID + size);
    if (mapped || maps.length === 0) return;
    const message = `process.user.${name} ${id} is not mapped in the user namespace`;
    found.push(fault(`/process/user/${key}`, message, MAPPINGS_REF));
  };
  check(user.uid, "uid", "uid", uidMappings);
  check(user.gid, "gid", "gid", gidMappings);
  user.additionalGids?.forEach((gid, i) => {
    check(gid, `additionalGids/${i}`, `additionalGids[${i}]`, gidMappings);
  });
  return found;
}

/** Clock offsets belong to a time namespace that is made, not joined. */
export function timeOffsets(spec: Spec): readonly Finding[] {
  const offsets = spec.linux?.timeOffsets;
  if (offsets === undefined || Object.keys(offsets).length === 0) return NONE;
  const ref = "config-linux.md#offset-for-time-namespace";
  const found: Finding[] = [];
  if (!isNew(namespaceOf(spec, "time"))) {
    found.push(fault("/linux/timeOffsets", "linux.timeOffsets needs a new time namespace", ref));
  }
  for (const clock of ["monotonic", "boottime"] as const) {
    const nanosecs = offsets[clock]?.nanosecs ?? 0;
    if (nanosecs < 1e9) continue;
    const message = `linux.timeOffsets.${clock}.nanosecs must be below 1000000000 (got ${nanosecs})`;
    found.push(fault(`/linux/timeOffsets/${clock}/nanosecs`, message, ref));
  }
  return found;
}

/** Hiding paths changes the mount table, which must not be the host's. */
export function hiddenPaths(spec: Spec): readonly Finding[] {
  const found: Finding[] = [];
  for (const key of ["maskedPaths", "readonlyPaths"] as const) {
    const paths = spec.linux?.[key];
    if (paths === undefined || paths.length === 0) continue;
    const ref = key === "maskedPaths" ? "config-linux.md#masked-paths" : "config-linux.md#readonly-paths";
    if (namespaceOf(spec, "mount") === undefined) {
      found.push(fault(`/linux/${key}`, `linux.${key} needs a mount namespace`, ref));
    }
    paths.forEach((path, i) => {
      if (path.startsWith("/")) return;
      const message = `linux.${key}[${i}] must be absolute (got ${JSON.stringify(path)})`;
      found.push(fault(`/linux/${key}/${i}`, message, ref));
    });
  }
  return found;
}
