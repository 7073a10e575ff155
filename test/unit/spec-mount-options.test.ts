import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import * as k from "../../runtime/linux/flags.ts";
import { MOUNT_OPTIONS, type ParsedMountOptions, parseMountOptions } from "../../runtime/linux/mount-options.ts";
import { haveShared, SHARED } from "../support/paths.ts";

const NOTHING: ParsedMountOptions = {
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

const ATIME = k.MOUNT_ATTR__ATIME;

describe("a list of options", () => {
  test.each<[string[], Partial<ParsedMountOptions>]>([
    [[], {}],
    [["defaults"], {}],
    [["ro"], { attrSet: k.MOUNT_ATTR_RDONLY, legacyFlags: k.MS_RDONLY, superblock: ["ro"] }],
    [["ro", "rw"], { attrClear: k.MOUNT_ATTR_RDONLY, superblock: ["rw"] }],
    [["rw", "ro"], { attrSet: k.MOUNT_ATTR_RDONLY, legacyFlags: k.MS_RDONLY, superblock: ["ro"] }],
    [
      ["nosuid", "noexec", "nodev"],
      {
        attrSet: k.MOUNT_ATTR_NOSUID | k.MOUNT_ATTR_NOEXEC | k.MOUNT_ATTR_NODEV,
        legacyFlags: k.MS_NOSUID | k.MS_NOEXEC | k.MS_NODEV,
      },
    ],
    [
      ["nosuid", "suid", "exec", "noexec"],
      { attrSet: k.MOUNT_ATTR_NOEXEC, attrClear: k.MOUNT_ATTR_NOSUID, legacyFlags: k.MS_NOEXEC },
    ],
    [["dev"], { attrClear: k.MOUNT_ATTR_NODEV }],
    [["nosymfollow"], { attrSet: k.MOUNT_ATTR_NOSYMFOLLOW, legacyFlags: k.MS_NOSYMFOLLOW }],
    [["nosymfollow", "symfollow"], { attrClear: k.MOUNT_ATTR_NOSYMFOLLOW }],
    [["nodiratime"], { attrSet: k.MOUNT_ATTR_NODIRATIME, legacyFlags: k.MS_NODIRATIME }],
    [["nodiratime", "diratime"], { attrClear: k.MOUNT_ATTR_NODIRATIME }],
    [["noatime"], { attrSet: k.MOUNT_ATTR_NOATIME, attrClear: ATIME, legacyFlags: k.MS_NOATIME }],
    [["noatime", "atime"], { attrClear: ATIME }],
    [["atime"], { attrClear: ATIME }],
    [["relatime"], { attrClear: ATIME, legacyFlags: k.MS_RELATIME }],
    [["noatime", "relatime"], { attrClear: ATIME, legacyFlags: k.MS_RELATIME }],
    [["strictatime"], { attrSet: k.MOUNT_ATTR_STRICTATIME, attrClear: ATIME, legacyFlags: k.MS_STRICTATIME }],
    [["strictatime", "noatime"], { attrSet: k.MOUNT_ATTR_NOATIME, attrClear: ATIME, legacyFlags: k.MS_NOATIME }],
    [
      ["noatime", "strictatime"],
      { attrSet: k.MOUNT_ATTR_STRICTATIME, attrClear: ATIME, legacyFlags: k.MS_STRICTATIME },
    ],
    [["strictatime", "atime"], { attrSet: k.MOUNT_ATTR_STRICTATIME, attrClear: ATIME, legacyFlags: k.MS_STRICTATIME }],
    [["strictatime", "nostrictatime"], { attrClear: ATIME }],
    [["noatime", "nostrictatime"], { attrSet: k.MOUNT_ATTR_NOATIME, attrClear: ATIME, legacyFlags: k.MS_NOATIME }],
    [["norelatime"], {}],
    [
      ["noatime", "nosuid", "relatime"],
      { attrSet: k.MOUNT_ATTR_NOSUID, attrClear: ATIME, legacyFlags: k.MS_RELATIME | k.MS_NOSUID },
    ],
    [["rro"], { recAttrSet: k.MOUNT_ATTR_RDONLY }],
    [["rro", "rrw"], { recAttrClear: k.MOUNT_ATTR_RDONLY }],
    [["rnoatime"], { recAttrSet: k.MOUNT_ATTR_NOATIME, recAttrClear: ATIME }],
    [["rnoatime", "ratime"], { recAttrClear: ATIME }],
    [["rstrictatime"], { recAttrSet: k.MOUNT_ATTR_STRICTATIME, recAttrClear: ATIME }],
    [["rstrictatime", "rnostrictatime"], { recAttrClear: ATIME }],
    [["rrelatime"], { recAttrClear: ATIME }],
    [["rnorelatime"], {}],
    [
      ["rnosuid", "rnodev", "rnoexec", "rnodiratime", "rnosymfollow"],
      {
        recAttrSet:
          k.MOUNT_ATTR_NOSUID |
          k.MOUNT_ATTR_NODEV |
          k.MOUNT_ATTR_NOEXEC |
          k.MOUNT_ATTR_NODIRATIME |
          k.MOUNT_ATTR_NOSYMFOLLOW,
      },
    ],
    [
      ["rsuid", "rdev", "rexec", "rdiratime", "rsymfollow"],
      {
        recAttrClear:
          k.MOUNT_ATTR_NOSUID |
          k.MOUNT_ATTR_NODEV |
          k.MOUNT_ATTR_NOEXEC |
          k.MOUNT_ATTR_NODIRATIME |
          k.MOUNT_ATTR_NOSYMFOLLOW,
      },
    ],
    [
      ["ro", "rrw"],
      { attrSet: k.MOUNT_ATTR_RDONLY, recAttrClear: k.MOUNT_ATTR_RDONLY, legacyFlags: k.MS_RDONLY, superblock: ["ro"] },
    ],
    [["bind"], { bind: true }],
    [["rbind"], { bind: true, recursiveBind: true }],
    [["rbind", "bind"], { bind: true, recursiveBind: true }],
    [
      ["remount", "bind", "ro"],
      { remount: true, bind: true, attrSet: k.MOUNT_ATTR_RDONLY, legacyFlags: k.MS_RDONLY, superblock: ["ro"] },
    ],
    [["rprivate", "shared"], { propagation: [k.MS_PRIVATE | k.MS_REC, k.MS_SHARED] }],
    [
      ["private", "slave", "rslave", "unbindable", "runbindable", "rshared"],
      {
        propagation: [
          k.MS_PRIVATE,
          k.MS_SLAVE,
          k.MS_SLAVE | k.MS_REC,
          k.MS_UNBINDABLE,
          k.MS_UNBINDABLE | k.MS_REC,
          k.MS_SHARED | k.MS_REC,
        ],
      },
    ],
    [
      ["sync", "dirsync", "lazytime", "mand"],
      {
        superblock: ["sync", "dirsync", "lazytime", "mand"],
        legacyFlags: k.MS_SYNCHRONOUS | k.MS_DIRSYNC | k.MS_LAZYTIME | k.MS_MANDLOCK,
      },
    ],
    [["sync", "ro", "async"], { superblock: ["ro", "async"], legacyFlags: k.MS_RDONLY, attrSet: k.MOUNT_ATTR_RDONLY }],
    [["lazytime", "nolazytime", "mand", "nomand"], { superblock: ["nolazytime", "nomand"] }],
    [["silent", "iversion"], { legacyFlags: k.MS_SILENT | k.MS_I_VERSION }],
    [["silent", "loud", "iversion", "noiversion"], {}],
    [["mode=755", "size=65536k", "gid=5"], { data: ["mode=755", "size=65536k", "gid=5"] }],
    [["lowerdir=/a,b:/c", "nosuid,nodev", "RO", ""], { data: ["lowerdir=/a,b:/c", "nosuid,nodev", "RO", ""] }],
    [["tmpcopyup"], { tmpcopyup: true }],
    [["copy-symlink"], { copySymlink: true }],
    [["src-nofollow", "dest-nofollow"], { sourceNofollow: true, targetNofollow: true }],
    [["idmap", "ridmap"], { idmap: true, ridmap: true }],
    [["idmap=uids=0-1-1;gids=0-1-1"], { idmap: true, idmapText: "uids=0-1-1;gids=0-1-1" }],
    [["ridmap=x", "idmapped=y"], { ridmap: true, idmapText: "x", data: ["idmapped=y"] }],
    [["constructor", "__proto__"], { data: ["constructor", "__proto__"] }],
  ])("%j", (options, expected) => {
    expect(parseMountOptions(options)).toEqual({ ...NOTHING, ...expected });
  });
});

describe("every pair of options", () => {
  const names = [...MOUNT_OPTIONS.keys()];

  test("leaves masks that mount_setattr(2) takes", () => {
    for (const first of names) {
      for (const second of names) {
        const { attrSet, attrClear, recAttrSet, recAttrClear } = parseMountOptions([first, second]);
        for (const [set, clear] of [
          [attrSet, attrClear],
          [recAttrSet, recAttrClear],
        ] as [number, number][]) {
          // The kernel refuses an access time that is not cleared as a whole first.
          expect([0, ATIME]).toContain(clear & ATIME);
          if (set & ATIME) expect(clear & ATIME).toBe(ATIME);
          expect([0, k.MOUNT_ATTR_NOATIME, k.MOUNT_ATTR_STRICTATIME]).toContain(set & ATIME);
          expect(set & clear & ~ATIME).toBe(0);
        }
      }
    }
  });

  test("says the same as its last word alone about what both speak of", () => {
    for (const first of names) {
      for (const second of names) {
        const row = MOUNT_OPTIONS.get(second);
        if (row?.kind !== "flag" || row.attr === undefined || (row.attr & ~ATIME) === 0) continue;
        const both = parseMountOptions([first, second]);
        const alone = parseMountOptions([second]);
        expect(both.attrSet & row.attr).toBe(alone.attrSet & row.attr);
        expect(both.attrClear & row.attr).toBe(alone.attrClear & row.attr);
        expect(both.legacyFlags & (row.ms ?? 0)).toBe(alone.legacyFlags & (row.ms ?? 0));
      }
    }
  });
});

if (!haveShared) console.log("skipped: the specification is not beside the checkout (TSRUN_SHARED)");

(haveShared ? describe : describe.skip)("the specification's table", () => {
  const text = haveShared ? readFileSync(join(SHARED, "oci-runtime-spec", "config.md"), "utf8") : "";
  const rows = [...text.matchAll(/^ `(\w+)\s*`\s+\| (MUST|SHOULD|MAY)\s/gm)];

  test("is ours, row by row", () => {
    expect(rows.length).toBeGreaterThan(60);
    const theirs = Object.fromEntries(rows.map(([, name, requirement]) => [name, requirement]));
    // The table forgets rnodev, which its own features list has; the others are crun's.
    const more = new Set(["rnodev", "copy-symlink", "dest-nofollow", "src-nofollow"]);
    const ours = [...MOUNT_OPTIONS].filter(([name]) => !more.has(name)).map(([name, row]) => [name, row.requirement]);
    expect(Object.fromEntries(ours)).toEqual(theirs);
  });
});
