import type { CgroupLayout } from "../cgroups/layout.ts";
import type { IdMapping } from "../spec/generated/types.ts";

/** A namespace file that the config names, as found on the host. Identities are `dev:ino`. */
export interface NamespaceFile {
  /** CLONE_NEW*. */
  readonly type: number;
  readonly id: string;
  /** The user namespace that owns it; for a user namespace, its parent's; "" when it can't be told. */
  readonly owner: string;
}

/** The id maps of a user namespace, as the caller sees them. */
export interface UserMaps {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
  /** Whether setgroups(2) is allowed. */
  readonly setgroups: boolean;
}

/** The only impure input of a plan, as plain data (host/probe.ts makes it). */
export interface Host {
  readonly cgroups: CgroupLayout;
  /** Capabilities that the caller could hand on: bit N is capability N. */
  readonly bounding: bigint;
  readonly permitted: bigint;
  /** As uname(2) says, e.g. `x86_64`. */
  readonly machine: string;
  /** AppArmor: not enabled, or whether the caller itself is confined by it. Looked at only when a profile is given. */
  readonly apparmor: "off" | "unconfined" | "confined";
  /** Whether SELinux is enabled. Looked at only when a label is given. */
  readonly selinux: boolean;
  /** Whether the caller is in a user namespace that is not the machine's first. */
  readonly inUserNamespace: boolean;
  /** Where resctrl is mounted, or "". Looked at only when linux.intelRdt is given. */
  readonly resctrl: string;
  /** By the path in config.json. */
  readonly namespaceFiles: Readonly<Record<string, NamespaceFile>>;
  /** Identities of the caller's own namespaces, by CLONE_NEW*; empty where the config joins none. */
  readonly ownNamespaces: Readonly<Record<number, string>>;
  /** The maps of the user namespace that the config joins. */
  readonly joinedUser: UserMaps | undefined;
  /** Targets of the mount sources that are symbolic links and are to be made again, by the path in config.json. */
  readonly links: Readonly<Record<string, string>>;
  /** Paths of the host's own nodes by what they are (`c 1:3`), where devices are bound instead of made. */
  readonly deviceSources: Readonly<Record<string, string>>;
  /** Pointers of the configured devices that the host's node is the same as, mode and owner included. */
  readonly sameDevices: ReadonlySet<string>;
  readonly hasKernelCore: boolean;
}
