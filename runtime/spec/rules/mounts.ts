/** Rules on mounts. */

import { type IdRange, parseIdmapOption } from "../../linux/idmap-option.ts";
import {
  MOUNT_OPTIONS,
  mountOptionName,
  type ParsedMountOptions,
  parseMountOptions,
} from "../../linux/mount-options.ts";
import { type Finding, fault, NONE, warning } from "../finding.ts";
import type { Mount, Spec } from "../generated/types.ts";
import { mappingFaults, namespaceOf } from "./namespaces.ts";

const MOUNTS_REF = "config.md#mounts";
const POSIX_REF = "config.md#posix-platform-mounts";
const OPTIONS_REF = "config.md#linux-mount-options";

/** One mount with what its rules need: its options parsed once. */
interface Case {
  readonly mount: Mount;
  readonly options: ParsedMountOptions;
  readonly pointer: string;
  /** `mounts[3]`. */
  readonly name: string;
  readonly spec: Spec;
}

function destination({ mount, pointer, name }: Case): readonly Finding[] {
  const path = mount.destination;
  const at = `${pointer}/destination`;
  if (path === "") return [fault(at, `${name}.destination is empty`, MOUNTS_REF)];
  if (path.includes("\0")) return [fault(at, `${name}.destination holds a NUL`, MOUNTS_REF)];
  if (path.startsWith("/")) return NONE;
  const message = `${name}.destination should be absolute: ${JSON.stringify(path)} is taken as ${JSON.stringify(`/${path}`)}`;
  return [warning("W_DEPRECATED", at, message, MOUNTS_REF)];
}

function kind({ mount, options, pointer, name }: Case): readonly Finding[] {
  if (options.remount) return NONE;
  if (options.bind) {
    return mount.source ? NONE : [fault(`${pointer}/source`, `${name} is a bind mount without source`, MOUNTS_REF)];
  }
  if (!mount.type) {
    return [fault(`${pointer}/type`, `${name} has neither a type nor the option bind or rbind`, POSIX_REF)];
  }
  if (mount.type !== "bind" && mount.type !== "none") return NONE;
  return [fault(`${pointer}/options`, `${name} of type ${mount.type} lacks the option bind or rbind`, POSIX_REF)];
}

/** Options of a superblock that a bind mount, which has none of its own, would silently not get. */
const NOT_FOR_BIND = new Set(["sync", "dirsync", "lazytime", "mand", "iversion"]);

function bindOptions({ mount, options, pointer, name }: Case): readonly Finding[] {
  if (!options.bind) return NONE;
  return (mount.options ?? []).flatMap((option, i) => {
    if (MOUNT_OPTIONS.has(mountOptionName(option)) && !NOT_FOR_BIND.has(option)) return NONE;
    return [bindOption(option, `${pointer}/options/${i}`, name)];
  });
}

/** A filesystem's `key=value` goes to mount(2), which ignores it; a word could be a misspelt `ro`. */
function bindOption(option: string, pointer: string, name: string): Finding {
  const quoted = JSON.stringify(option);
  if (option.includes("=")) {
    return warning("W_SUSPICIOUS", pointer, `${name} is a bind mount, for which ${quoted} means nothing`, OPTIONS_REF);
  }
  return fault(pointer, `${name} is a bind mount, which can't have the option ${quoted}`, OPTIONS_REF);
}

function idMappings(one: Case): readonly Finding[] {
  const { mount, options, pointer, name, spec } = one;
  const uids = mount.uidMappings?.length ?? 0;
  const gids = mount.gidMappings?.length ?? 0;
  const wanted = options.idmap || options.ridmap;
  if (!wanted && uids === 0 && gids === 0) return NONE;
  if (options.remount)
    return [fault(`${pointer}/options`, `${name} is a remount, which can't be id-mapped`, OPTIONS_REF)];
  if (options.idmapText !== "") return idmapOption(one, uids + gids > 0);
  if (uids === 0 && gids === 0) {
    if (namespaceOf(spec, "user") !== undefined) return NONE;
    const message = `${name} has the option idmap, but neither it nor a user namespace has mappings`;
    return [fault(`${pointer}/options`, message, OPTIONS_REF)];
  }
  const found = [
    ...mappingFaults(mount.uidMappings, `${pointer}/uidMappings`, `${name}.uidMappings`),
    ...mappingFaults(mount.gidMappings, `${pointer}/gidMappings`, `${name}.gidMappings`),
  ];
  if (uids === 0 || gids === 0) {
    found.push(fault(pointer, `${name} must have both uidMappings and gidMappings or neither`, POSIX_REF));
  }
  if (!wanted) {
    const message = `${name} has mappings, but not the option idmap or ridmap: idmap is assumed`;
    found.push(warning("W_SUSPICIOUS", `${pointer}/options`, message, POSIX_REF));
  }
  return found;
}

/** The form idmap=uids=...;gids=..., which has its own mappings. */
function idmapOption({ mount, options, pointer, name, spec }: Case, mappings: boolean): readonly Finding[] {
  const index = mount.options?.findLastIndex((option) => mountOptionName(option) !== option) ?? 0;
  const at = `${pointer}/options/${index}`;
  const refuse = (message: string) => [fault(at, `${name}: the option idmap ${message}`, OPTIONS_REF)];
  if (mappings) return refuse("has mappings, and so has the mount itself");
  const parsed = parseIdmapOption(options.idmapText);
  if (typeof parsed === "string") return refuse(parsed);
  const ranges = [...parsed.uids, ...parsed.gids];
  if (ranges.some(({ relative }) => relative) && namespaceOf(spec, "user") === undefined) {
    return refuse("is relative to a user namespace, and there is none");
  }
  return [
    ...mappingFaults(absoluteOnly(parsed.uids), at, `${name}: uids of the option idmap`),
    ...mappingFaults(absoluteOnly(parsed.gids), at, `${name}: gids of the option idmap`),
  ].map((finding) => ({ ...finding, pointer: at }));
}

/** What relative ranges come to depends on a user namespace that may be another's. */
function absoluteOnly(ranges: readonly IdRange[]): IdRange[] {
  return ranges.some(({ relative }) => relative) ? [] : [...ranges];
}

/** Only a new and empty filesystem can take content over. */
function copyUp({ mount, options, pointer, name }: Case): readonly Finding[] {
  if (!options.tmpcopyup || (mount.type === "tmpfs" && !options.bind && !options.remount)) return NONE;
  const index = mount.options?.indexOf("tmpcopyup") ?? 0;
  return [fault(`${pointer}/options/${index}`, `${name} has the option tmpcopyup, but is no tmpfs`, OPTIONS_REF)];
}

/** crun's options on symbolic links. */
function links({ options, pointer, name }: Case): readonly Finding[] {
  const { copySymlink, sourceNofollow, targetNofollow, bind, idmap, ridmap } = options;
  const refuse = (message: string) => [fault(`${pointer}/options`, `${name} ${message}`, OPTIONS_REF)];
  if (!copySymlink && !sourceNofollow && !targetNofollow) return NONE;
  if (!bind) return refuse("has an option on symbolic links, but is no bind mount");
  if (copySymlink && sourceNofollow) return refuse("has both copy-symlink and src-nofollow");
  return copySymlink && (idmap || ridmap) ? refuse("can't copy a symbolic link and map ids") : NONE;
}

const RULES: readonly ((mount: Case) => readonly Finding[])[] = [
  destination,
  kind,
  bindOptions,
  idMappings,
  copyUp,
  links,
];

/** Every rule on every mount. */
export function mounts(spec: Spec): readonly Finding[] {
  const list = spec.mounts ?? [];
  return list.flatMap((mount, i) => {
    const options = parseMountOptions(mount.options ?? []);
    const one: Case = { mount, options, pointer: `/mounts/${i}`, name: `mounts[${i}]`, spec };
    return RULES.flatMap((rule) => rule(one));
  });
}
