/** Namespace types: their name in config.json, their CLONE_NEW* bit and their name in /proc/PID/ns. */

export interface NamespaceRow {
  /** CLONE_NEW* (linux/sched.h). */
  readonly flag: number;
  /** File in /proc/PID/ns. */
  readonly proc: string;
}

/** Every namespace type of the specification. */
export const NAMESPACES = {
  cgroup: { flag: 0x02000000, proc: "cgroup" },
  ipc: { flag: 0x08000000, proc: "ipc" },
  mount: { flag: 0x00020000, proc: "mnt" },
  network: { flag: 0x40000000, proc: "net" },
  pid: { flag: 0x20000000, proc: "pid" },
  time: { flag: 0x00000080, proc: "time" },
  user: { flag: 0x10000000, proc: "user" },
  uts: { flag: 0x04000000, proc: "uts" },
} as const satisfies Readonly<Record<string, NamespaceRow>>;

export type NamespaceType = keyof typeof NAMESPACES;

/** The type of a CLONE_NEW* bit (what ioctl NS_GET_NSTYPE answers), or undefined. */
export function namespaceOfFlag(flag: number): NamespaceType | undefined {
  const types = Object.keys(NAMESPACES) as NamespaceType[];
  return types.find((type) => NAMESPACES[type].flag === flag);
}
