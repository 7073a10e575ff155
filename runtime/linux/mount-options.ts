/**
 * The mount options of the specification (config.md#linux-mount-options), one row each, and what a list of them means.
 * A row says what the option does to a mount (MOUNT_ATTR_*), to mount(2)'s flags (MS_*), and to the superblock.
 */

import * as k from "./flags.ts";

export interface MountOption {
  /** What kind of change it is: of this mount, of the whole tree, of propagation, a bind, or something special. */
  readonly kind: "flag" | "recursive" | "propagation" | "bind" | "other";
  /** What the specification asks of a runtime. */
  readonly requirement: "MUST" | "SHOULD" | "MAY";
  /** Oldest kernel that can do it, where that matters. */
  readonly since?: string;
  /** True: the bits are cleared, else set. */
  readonly clear?: true;
  /** MS_* bits. */
  readonly ms?: number;
  /** MOUNT_ATTR_* bits; 0 is RELATIME. */
  readonly attr?: number;
  /** Key for fsconfig(2) FSCONFIG_SET_FLAG that does the same to the superblock. */
  readonly superblock?: string;
}

type Row = Omit<MountOption, "kind" | "requirement"> & Partial<Pick<MountOption, "requirement">>;

/** Adds `kind` to every row, and MUST where nothing else is said. */
function rows(
  kind: MountOption["kind"],
  requirement: MountOption["requirement"],
  table: Readonly<Record<string, Row>>,
): [string, MountOption][] {
  return Object.entries(table).map(([name, row]) => [name, { kind, requirement, ...row }]);
}

const FLAG_OPTIONS = rows("flag", "MUST", {
  async: { clear: true, ms: k.MS_SYNCHRONOUS, superblock: "async" },
  atime: { clear: true, ms: k.MS_NOATIME, attr: k.MOUNT_ATTR_NOATIME },
  defaults: {},
  dev: { clear: true, ms: k.MS_NODEV, attr: k.MOUNT_ATTR_NODEV },
  diratime: { clear: true, ms: k.MS_NODIRATIME, attr: k.MOUNT_ATTR_NODIRATIME },
  dirsync: { ms: k.MS_DIRSYNC, superblock: "dirsync" },
  exec: { clear: true, ms: k.MS_NOEXEC, attr: k.MOUNT_ATTR_NOEXEC },
  iversion: { ms: k.MS_I_VERSION },
  lazytime: { ms: k.MS_LAZYTIME, superblock: "lazytime" },
  loud: { clear: true, ms: k.MS_SILENT },
  mand: { ms: k.MS_MANDLOCK, superblock: "mand", requirement: "MAY" },
  noatime: { ms: k.MS_NOATIME, attr: k.MOUNT_ATTR_NOATIME },
  nodev: { ms: k.MS_NODEV, attr: k.MOUNT_ATTR_NODEV },
  nodiratime: { ms: k.MS_NODIRATIME, attr: k.MOUNT_ATTR_NODIRATIME },
  noexec: { ms: k.MS_NOEXEC, attr: k.MOUNT_ATTR_NOEXEC },
  noiversion: { clear: true, ms: k.MS_I_VERSION },
  nolazytime: { clear: true, ms: k.MS_LAZYTIME, superblock: "nolazytime" },
  nomand: { clear: true, ms: k.MS_MANDLOCK, superblock: "nomand", requirement: "MAY" },
  norelatime: { clear: true, ms: k.MS_RELATIME },
  nostrictatime: { clear: true, ms: k.MS_STRICTATIME, attr: k.MOUNT_ATTR_STRICTATIME },
  nosuid: { ms: k.MS_NOSUID, attr: k.MOUNT_ATTR_NOSUID },
  nosymfollow: { ms: k.MS_NOSYMFOLLOW, attr: k.MOUNT_ATTR_NOSYMFOLLOW, requirement: "SHOULD", since: "5.10" },
  relatime: { ms: k.MS_RELATIME, attr: k.MOUNT_ATTR_RELATIME },
  remount: { ms: k.MS_REMOUNT },
  ro: { ms: k.MS_RDONLY, attr: k.MOUNT_ATTR_RDONLY, superblock: "ro" },
  rw: { clear: true, ms: k.MS_RDONLY, attr: k.MOUNT_ATTR_RDONLY, superblock: "rw" },
  silent: { ms: k.MS_SILENT },
  strictatime: { ms: k.MS_STRICTATIME, attr: k.MOUNT_ATTR_STRICTATIME },
  suid: { clear: true, ms: k.MS_NOSUID, attr: k.MOUNT_ATTR_NOSUID },
  symfollow: {
    clear: true,
    ms: k.MS_NOSYMFOLLOW,
    attr: k.MOUNT_ATTR_NOSYMFOLLOW,
    requirement: "SHOULD",
    since: "5.10",
  },
  sync: { ms: k.MS_SYNCHRONOUS, superblock: "sync" },
});

const RECURSIVE_OPTIONS = rows("recursive", "SHOULD", {
  ratime: { clear: true, attr: k.MOUNT_ATTR_NOATIME, since: "5.12" },
  rdev: { clear: true, attr: k.MOUNT_ATTR_NODEV, since: "5.12" },
  rdiratime: { clear: true, attr: k.MOUNT_ATTR_NODIRATIME, since: "5.12" },
  rexec: { clear: true, attr: k.MOUNT_ATTR_NOEXEC, since: "5.12" },
  rnoatime: { attr: k.MOUNT_ATTR_NOATIME, since: "5.12" },
  rnodev: { attr: k.MOUNT_ATTR_NODEV, since: "5.12" },
  rnodiratime: { attr: k.MOUNT_ATTR_NODIRATIME, since: "5.12" },
  rnoexec: { attr: k.MOUNT_ATTR_NOEXEC, since: "5.12" },
  rnorelatime: { since: "5.12" },
  rnostrictatime: { clear: true, attr: k.MOUNT_ATTR_STRICTATIME, since: "5.12" },
  rnosuid: { attr: k.MOUNT_ATTR_NOSUID, since: "5.12" },
  rnosymfollow: { attr: k.MOUNT_ATTR_NOSYMFOLLOW, since: "5.14" },
  rrelatime: { attr: k.MOUNT_ATTR_RELATIME, since: "5.12" },
  rro: { attr: k.MOUNT_ATTR_RDONLY, since: "5.12" },
  rrw: { clear: true, attr: k.MOUNT_ATTR_RDONLY, since: "5.12" },
  rstrictatime: { attr: k.MOUNT_ATTR_STRICTATIME, since: "5.12" },
  rsuid: { clear: true, attr: k.MOUNT_ATTR_NOSUID, since: "5.12" },
  rsymfollow: { clear: true, attr: k.MOUNT_ATTR_NOSYMFOLLOW, since: "5.14" },
});

const PROPAGATION_OPTIONS = rows("propagation", "MUST", {
  private: { ms: k.MS_PRIVATE },
  rprivate: { ms: k.MS_PRIVATE | k.MS_REC },
  rshared: { ms: k.MS_SHARED | k.MS_REC },
  rslave: { ms: k.MS_SLAVE | k.MS_REC },
  runbindable: { ms: k.MS_UNBINDABLE | k.MS_REC },
  shared: { ms: k.MS_SHARED },
  slave: { ms: k.MS_SLAVE },
  unbindable: { ms: k.MS_UNBINDABLE },
});

const BIND_OPTIONS = rows("bind", "MUST", {
  bind: { ms: k.MS_BIND },
  rbind: { ms: k.MS_BIND | k.MS_REC },
});

/** The last three are crun's, for bind mounts. */
const OTHER_OPTIONS = rows("other", "SHOULD", {
  idmap: { since: "5.12" },
  ridmap: { since: "5.12" },
  tmpcopyup: { requirement: "MAY" },
  "copy-symlink": { requirement: "MAY" },
  "dest-nofollow": { requirement: "MAY" },
  "src-nofollow": { requirement: "MAY" },
});

/** Every option that is not the filesystem's own, by name. */
export const MOUNT_OPTIONS: ReadonlyMap<string, MountOption> = new Map([
  ...FLAG_OPTIONS,
  ...RECURSIVE_OPTIONS,
  ...PROPAGATION_OPTIONS,
  ...BIND_OPTIONS,
  ...OTHER_OPTIONS,
]);

/** What a list of mount options asks for. Numbers are MS_* or MOUNT_ATTR_* bits. */
export interface ParsedMountOptions {
  bind: boolean;
  /** Whether the bind takes the mounts below along. */
  recursiveBind: boolean;
  remount: boolean;
  /** For mount_setattr(2) on this mount: clear first, then set. Only what the options name is in either. */
  attrSet: number;
  attrClear: number;
  /** The same for the whole tree (AT_RECURSIVE). */
  recAttrSet: number;
  recAttrClear: number;
  /** Superblock flags for fsconfig(2), the last of each pair (ro, rw), in order. Of no use to a bind mount. */
  superblock: string[];
  /** Flags for mount(2) without bind, remount and propagation; holds iversion and silent, which fsconfig can't say. */
  legacyFlags: number;
  /** One mount(2) call each, in order, e.g. MS_SLAVE | MS_REC. */
  propagation: number[];
  /** What is left for the filesystem, in order. */
  data: string[];
  tmpcopyup: boolean;
  idmap: boolean;
  ridmap: boolean;
  /** A source that is a symbolic link is made again in the container, not followed and bound. */
  copySymlink: boolean;
  /** Source or destination are bound, or bound on, as the symbolic links that they are. */
  sourceNofollow: boolean;
  targetNofollow: boolean;
  /** The mapping after `idmap=` or `ridmap=` (linux/idmap-option.ts); "" for none. */
  idmapText: string;
}

/** Access time is one field: MS_* bits that exclude each other, of which the kernel would not take the last. */
const MS_ATIME = k.MS_NOATIME | k.MS_RELATIME | k.MS_STRICTATIME;

/** Applies one row to a pair of set and clear masks of mount_setattr(2). */
function applyAttribute(set: number, clear: number, attr: number, off: boolean): [set: number, clear: number] {
  // The kernel wants the whole field cleared for any change of it; what is then not set is relatime, value 0.
  if ((attr & ~k.MOUNT_ATTR__ATIME) === 0) {
    const others = set & ~k.MOUNT_ATTR__ATIME;
    const kept = off ? set & k.MOUNT_ATTR__ATIME & ~attr : attr;
    return [others | kept, clear | k.MOUNT_ATTR__ATIME];
  }
  return off ? [set & ~attr, clear | attr] : [set | attr, clear & ~attr];
}

function applyFlag(into: ParsedMountOptions, row: MountOption): void {
  const off = row.clear === true;
  if (row.ms !== undefined) {
    if (off) into.legacyFlags &= ~row.ms;
    else into.legacyFlags = (row.ms & MS_ATIME ? into.legacyFlags & ~MS_ATIME : into.legacyFlags) | row.ms;
  }
  if (row.attr !== undefined) {
    [into.attrSet, into.attrClear] = applyAttribute(into.attrSet, into.attrClear, row.attr, off);
  }
  if (row.superblock !== undefined) {
    const same = (key: string): boolean => MOUNT_OPTIONS.get(key)?.ms === row.ms;
    into.superblock = into.superblock.filter((key) => !same(key));
    into.superblock.push(row.superblock);
  }
}

const OTHER_FIELDS = {
  idmap: "idmap",
  ridmap: "ridmap",
  tmpcopyup: "tmpcopyup",
  "copy-symlink": "copySymlink",
  "dest-nofollow": "targetNofollow",
  "src-nofollow": "sourceNofollow",
} as const;

function apply(into: ParsedMountOptions, name: string, row: MountOption): void {
  const ms = row.ms ?? 0;
  switch (row.kind) {
    case "flag":
      if (ms === k.MS_REMOUNT) into.remount = true;
      else applyFlag(into, row);
      break;
    case "recursive":
      if (row.attr !== undefined) {
        const off = row.clear === true;
        [into.recAttrSet, into.recAttrClear] = applyAttribute(into.recAttrSet, into.recAttrClear, row.attr, off);
      }
      break;
    case "propagation":
      into.propagation.push(ms);
      break;
    case "bind":
      into.bind = true;
      if (ms & k.MS_REC) into.recursiveBind = true;
      break;
    case "other":
      into[OTHER_FIELDS[name as keyof typeof OTHER_FIELDS]] = true;
  }
}

/** The option without its value, where it is one that has a value and is not the filesystem's (crun's idmap=). */
export function mountOptionName(option: string): string {
  return option.startsWith("idmap=") || option.startsWith("ridmap=") ? option.slice(0, option.indexOf("=")) : option;
}

/**
 * What `options` of a mount ask for together. Of options that contradict each other the last one counts; propagation
 * changes are kept in order; what is not in MOUNT_OPTIONS is the filesystem's (mount(8), config.md#linux-mount-options).
 */
export function parseMountOptions(options: readonly string[]): ParsedMountOptions {
  const parsed: ParsedMountOptions = {
    bind: false,
    recursiveBind: false,
    remount: false,
    attrSet: 0,
    attrClear: 0,
    recAttrSet: 0,
    recAttrClear: 0,
    superblock: [],
    legacyFlags: 0,
    propagation: [],
    data: [],
    tmpcopyup: false,
    idmap: false,
    ridmap: false,
    copySymlink: false,
    sourceNofollow: false,
    targetNofollow: false,
    idmapText: "",
  };
  for (const option of options) {
    const name = mountOptionName(option);
    const row = MOUNT_OPTIONS.get(name);
    if (row === undefined) parsed.data.push(option);
    else apply(parsed, name, row);
    if (name !== option) parsed.idmapText = option.slice(name.length + 1);
  }
  return parsed;
}
