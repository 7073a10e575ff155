/** Names of filesystems by the number that statfs(2) tells (linux/magic.h), for error messages. */
const NAMES: Readonly<Record<number, string>> = {
  26985: "nfs",
  19780: "vfat",
  38496: "iso9660",
  40864: "proc",
  61267: "ext4",
  2613483: "cgroup",
  12805120: "ceph",
  16914836: "tmpfs",
  16914839: "9p",
  538032816: "exfat",
  801189825: "zfs",
  1481003842: "xfs",
  1650812274: "sysfs",
  1667723888: "cgroup2",
  1702057286: "fuse",
  1853056627: "nsfs",
  1936094318: "ntfs3",
  1936814952: "squashfs",
  2035054128: "overlay",
  2240043254: "ramfs",
  2435016766: "btrfs",
  3393526350: "bcachefs",
  3774210530: "erofs",
  4076150800: "f2fs",
  4266872130: "smb",
  4283649346: "cifs",
};

/** `ext4`, or the number in hexadecimal when it has no name here. */
export function filesystemName(type: number): string {
  return NAMES[type] ?? `type 0x${type.toString(16)}`;
}
