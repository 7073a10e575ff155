/** The Features structure (features.md): what this version implements, whatever the host offers. */

import { CAPABILITIES } from "../linux/capabilities.ts";
import { MEMORY_FLAGS, MEMORY_MODES } from "../linux/memory-policy.ts";
import { MOUNT_OPTIONS } from "../linux/mount-options.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import type { Features, LinuxFeatures, SeccompFeatures } from "./generated/types.ts";
import { HOOK_KINDS } from "./rules/hooks.ts";
import { isSupported } from "./supported.ts";

function linuxFeatures(seccomp: SeccompFeatures): LinuxFeatures {
  return {
    namespaces: Object.keys(NAMESPACES).filter((type) => isSupported("/linux/namespaces/*/type", type)),
    capabilities: Object.keys(CAPABILITIES),
    cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: isSupported("/linux/resources/rdma") },
    seccomp,
    apparmor: { enabled: isSupported("/process/apparmorProfile") },
    selinux: { enabled: isSupported("/process/selinuxLabel") },
    memoryPolicy: { modes: Object.keys(MEMORY_MODES), flags: Object.keys(MEMORY_FLAGS) },
    intelRdt: {
      enabled: isSupported("/linux/intelRdt"),
      schemata: isSupported("/linux/intelRdt"),
      monitoring: isSupported("/linux/intelRdt"),
    },
    mountExtensions: { idmap: { enabled: isSupported("/mounts/*/uidMappings") } },
    netDevices: { enabled: isSupported("/linux/netDevices") },
  };
}

/** What `tsrun features` prints; `version` is tsrun's own, `seccomp` what its compiler says of itself. */
export function features(version: string, seccomp: SeccompFeatures): Features {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: "1.3.0",
    hooks: [...HOOK_KINDS],
    mountOptions: [...MOUNT_OPTIONS.keys()].filter((option) => isSupported("/mounts/*/options/*", option)).sort(),
    linux: linuxFeatures(seccomp),
    annotations: { "dev.tsrun.version": version },
  };
}
