import type { CgroupLayout } from "../cgroups/layout.ts";

/** A namespace file that the config names, as found on the host. Identities are `dev:ino`. */
export interface NamespaceFile {
  /** CLONE_NEW*. */
  readonly type: number;
  readonly id: string;
  /** The user namespace that owns it; for a user namespace, its parent's; "" when it can't be told. */
  readonly owner: string;
}

/** The only impure input of a plan, as plain data (host/probe.ts makes it). */
export interface Host {
  readonly cgroups: CgroupLayout;
  /** Capabilities that the caller could hand on: bit N is capability N. */
  readonly bounding: bigint;
  readonly permitted: bigint;
  /** As uname(2) says, e.g. `x86_64`. */
  readonly machine: string;
  /** By the path in config.json. */
  readonly namespaceFiles: Readonly<Record<string, NamespaceFile>>;
  /** Host devices that exist as asked, by path: `c 1:3`; needed where devices are bound instead of made. */
  readonly hasKernelCore: boolean;
}
