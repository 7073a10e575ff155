import { existsSync, readFileSync } from "node:fs";
import { expect } from "@jest/globals";
import { succeeded } from "../../bundles/command.ts";
import { controllersBesideV1 } from "../../bundles/runtimes.ts";
import { useBox } from "../support/container.ts";
import { isCrun, isTsrun, when } from "../support/runtime.ts";

// Controllers that this host has, but mounts nowhere as v1: mounted in a mount namespace of the file's own.
const known = existsSync("/proc/cgroups") ? readFileSync("/proc/cgroups", "utf8") : "";
const onHost = (name: string): boolean => existsSync(`/sys/fs/cgroup/${name}`);
const wanted = ["net_cls", "net_prio", "hugetlb"].filter(
  (name) => new RegExp(`^${name}\\s.*1$`, "m").test(known) && !onHost(name),
);
const hybrid = controllersBesideV1().length > 0 || onHost("pids");
const box = useBox(() => (hybrid ? { v1: wanted } : {}));

const has = (name: string): boolean => hybrid && (wanted.includes(name) || onHost(name));

when(has("hugetlb"), "no hugetlb controller for v1")("hugepageLimits", async () => {
  // Of use, and of reservations where the kernel has them (5.7), which the older peers don't limit.
  const files = ["hugetlb.2MB.limit_in_bytes", ...(isTsrun ? ["hugetlb.2MB.rsvd.limit_in_bytes"] : [])];
  const seen = await box.sh(`cd /sys/fs/cgroup/hugetlb && cat ${files.join(" ")}`, (c) => {
    c.linux.resources.hugepageLimits = [{ pageSize: "2MB", limit: 209_715_200 }];
  });
  expect(seen.split("\n")).toEqual(files.map(() => "209715200"));
});

when(has("hugetlb") && !isCrun, isCrun ? "crun: leaves its cgroups" : "no hugetlb controller for v1")(
  "a page size that is not there is an error",
  async () => {
    const c = await box.container((config) => {
      config.linux.resources.hugepageLimits = [{ pageSize: "3MB", limit: 3_145_728 }];
    });
    expect((await c.create()).code).toBe(1);
    expect((await c.stateOutcome()).code).toBe(1);
  },
);

when(has("net_cls"), "no net_cls controller for v1")("network.classID", async () => {
  const seen = await box.sh("cat /sys/fs/cgroup/net_cls/net_cls.classid", (c) => {
    c.linux.resources.network = { classID: 0x100001 };
  });
  expect(seen).toBe("1048577");
});

when(has("net_prio"), "no net_prio controller for v1")("network.priorities", async () => {
  // The map is of the network namespace of the one who reads it, and written in the runtime's.
  const c = await box.container((config) => {
    config.process.args = ["cat", "/sys/fs/cgroup/net_prio/net_prio.ifpriomap"];
    config.linux.namespaces = config.linux.namespaces.filter((namespace) => namespace.type !== "network");
    config.linux.resources.network = { priorities: [{ name: "lo", priority: 500 }] };
  });
  expect(succeeded(await c.run()).stdout).toMatch(/^lo 500$/m);
});
