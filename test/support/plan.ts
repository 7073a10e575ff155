/** Plans without a host: what `tsrun plan` would print for a config, on hosts described as data. */
import type { CgroupLayout } from "../../runtime/cgroups/layout.js";
import { describe } from "../../runtime/plan/describe.js";
import type { Host } from "../../runtime/plan/host.js";
import { type Plan, planCreate } from "../../runtime/plan/plan.js";
import { exampleSpec } from "../../runtime/spec/example.js";
import type { Spec } from "../../runtime/spec/generated/types.js";
import { stringifyExact } from "../../runtime/spec/json.js";
import { parseSpec } from "../../runtime/spec/load.js";
import { requireSupported } from "../../runtime/spec/supported.js";
import { requireValid } from "../../runtime/spec/validate.js";

const tree = (name: string, controllers: string[]) => ({
  name,
  controllers,
  mountOptions: controllers,
  mountpoint: `/sys/fs/cgroup/${name}`,
  root: "/",
  own: "/",
  writable: true,
});

/** A hybrid host as Debian 11 with the legacy hierarchy has it. */
export const HYBRID: CgroupLayout = {
  mode: "hybrid",
  hierarchies: [
    tree("cpu,cpuacct", ["cpu", "cpuacct"]),
    tree("cpuset", ["cpuset"]),
    tree("memory", ["memory"]),
    tree("devices", ["devices"]),
    tree("pids", ["pids"]),
    tree("systemd", ["name=systemd"]),
  ],
  unified: { mountpoint: "/sys/fs/cgroup/unified", root: "/", own: "/", controllers: [], writable: true },
};

/** A host with the one tree. */
export const UNIFIED: CgroupLayout = {
  mode: "v2",
  hierarchies: [],
  unified: {
    mountpoint: "/sys/fs/cgroup",
    root: "/",
    own: "/user.slice",
    controllers: ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"],
    writable: true,
  },
};

/** A host on which root may do everything. */
export const HOST: Host = {
  cgroups: HYBRID,
  bounding: (1n << 41n) - 1n,
  permitted: (1n << 41n) - 1n,
  machine: "x86_64",
  apparmor: "unconfined",
  selinux: true,
  inUserNamespace: false,
  resctrl: "/sys/fs/resctrl",
  namespaceFiles: {},
  ownNamespaces: {},
  joinedUser: undefined,
  links: {},
  deviceSources: {
    "c 1:3": "/dev/null",
    "c 1:5": "/dev/zero",
    "c 1:7": "/dev/full",
    "c 1:8": "/dev/random",
    "c 1:9": "/dev/urandom",
    "c 5:0": "/dev/tty",
    "c 10:229": "/dev/fuse",
  },
  sameDevices: new Set(),
  hasKernelCore: true,
};

/** The spec that `tsrun spec` writes, without its terminal, and with `change` made to it. */
export function specWith(change: (spec: Spec) => void): Spec {
  const spec = exampleSpec({ rootless: false, uid: 0, gid: 0 });
  if (spec.process) spec.process.terminal = false;
  change(spec);
  return spec;
}

/** Gives a spec a user namespace of its own. */
export function withUserNamespace(spec: Spec): void {
  spec.linux?.namespaces?.push({ type: "user" });
  Object.assign(spec.linux ?? {}, {
    uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
    gidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
  });
}

/** Loads, checks and plans, as create does. */
export function planOf(spec: Spec, host: Host = HOST): Plan {
  const { spec: loaded } = parseSpec(stringifyExact(spec));
  requireValid(loaded);
  requireSupported(loaded);
  return planCreate(loaded, host, {
    id: "c1",
    bundle: "/bundle",
    rootfs: "/bundle/rootfs",
    noPivot: false,
    newKeyring: true,
    preserveFds: 0,
  });
}

/** The lines of a plan: who, what, why. */
export function linesOf(plan: Plan): string[] {
  return plan.steps.map((step) => `${step.by.padEnd(8)} ${describe(step)}  [${step.from}]`);
}
