import { describe, expect, test } from "@jest/globals";
import { type CgroupLayout, parseLayout, probeCgroups } from "../../runtime/cgroups/layout.ts";
import { FAKE_HOSTS, fakeCgroups } from "../support/fake-cgroups.ts";

const HYBRID = `23 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/lib/systemd/agent,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
`;
const HYBRID_SELF = `4:memory:/process_api/3d8b
3:cpu,cpuacct:/
1:name=systemd:/user.slice/session-1.scope
0::/user.slice
`;
const V2 = `25 30 0:23 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
30 1 8:1 / / rw - ext4 /dev/sda1 rw
`;

function brief({ mode, hierarchies, unified }: CgroupLayout): unknown {
  return { mode, v1: hierarchies.map(({ name, mountpoint }) => `${name} ${mountpoint}`), v2: unified?.mountpoint };
}

/** A mountinfo with these cgroup lines below an ordinary /sys/fs/cgroup. */
function withMounts(...lines: string[]): string {
  return ["1 0 8:1 / / rw - ext4 /dev/sda1 rw", "31 1 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw", ...lines].join("\n");
}

describe("the layout of a host", () => {
  test("hybrid: v1 hierarchies with own paths, and a v2 tree beside them", () => {
    expect(parseLayout(HYBRID, HYBRID_SELF)).toEqual({
      mode: "hybrid",
      hierarchies: [
        {
          name: "cpu,cpuacct",
          mountpoint: "/sys/fs/cgroup/cpu,cpuacct",
          root: "/",
          own: "/",
          controllers: ["cpu", "cpuacct"],
          mountOptions: ["cpu", "cpuacct"],
          writable: true,
        },
        {
          name: "memory",
          mountpoint: "/sys/fs/cgroup/memory",
          root: "/",
          own: "/process_api/3d8b",
          controllers: ["memory"],
          mountOptions: ["memory"],
          writable: true,
        },
        {
          name: "systemd",
          mountpoint: "/sys/fs/cgroup/systemd",
          root: "/",
          own: "/user.slice/session-1.scope",
          controllers: ["name=systemd"],
          mountOptions: ["name=systemd"],
          writable: true,
        },
      ],
      unified: { mountpoint: "/sys/fs/cgroup/unified", root: "/", own: "/user.slice", controllers: [], writable: true },
    });
  });

  test("v1 without a v2 tree", () => {
    const v1 = HYBRID.split("\n")
      .filter((line) => !line.includes("cgroup2"))
      .join("\n");
    expect(parseLayout(v1, HYBRID_SELF)).toMatchObject({ mode: "v1", unified: null });
  });

  test("v2 alone", () => {
    expect(parseLayout(V2, "0::/user.slice/a.scope\n")).toEqual({
      mode: "v2",
      hierarchies: [],
      unified: { mountpoint: "/sys/fs/cgroup", root: "/", own: "/user.slice/a.scope", controllers: [], writable: true },
    });
  });

  test("v2 with a single v1 controller elsewhere stays v2", () => {
    const also = "60 30 0:50 / /opt/net_cls rw - cgroup net_cls rw,net_cls\n";
    expect(brief(parseLayout(V2 + also, "0::/a\n2:net_cls:/\n"))).toEqual({ mode: "v2", v1: [], v2: "/sys/fs/cgroup" });
  });

  test("a named hierarchy alone does not make a host v1", () => {
    const text = withMounts(
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    );
    expect(brief(parseLayout(text, "0::/\n"))).toEqual({ mode: "v2", v1: [], v2: "/sys/fs/cgroup/unified" });
  });

  test("no cgroups at all", () => {
    expect(parseLayout("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n", "")).toEqual({
      mode: "v1",
      hierarchies: [],
      unified: null,
    });
  });

  test("a part of a hierarchy that is bound in (a container without a cgroup namespace)", () => {
    const text = withMounts("50 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
    const [memory] = parseLayout(text, "4:memory:/docker/abc/sub\n").hierarchies;
    expect(memory).toMatchObject({ root: "/docker/abc", own: "/docker/abc/sub" });
  });

  test("folders and links in a tmpfs are not controllers", () => {
    const text = withMounts(
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
      "36 31 0:60 / /sys/fs/cgroup/net_cls rw - tmpfs tmpfs rw",
    );
    expect(parseLayout(text, "4:memory:/\n").hierarchies.map(({ name }) => name)).toEqual(["memory"]);
  });

  test.each([
    ["the first of two", "rw", "rw", "/mnt/one"],
    ["the writable one", "ro", "rw", "/mnt/two"],
  ])("mounted twice: %s", (_, first, second, expected) => {
    const text = withMounts(
      `50 1 0:32 / /mnt/one ${first} - cgroup cgroup rw,memory`,
      `51 1 0:32 / /mnt/two ${second} - cgroup cgroup rw,memory`,
    );
    expect(parseLayout(text, "4:memory:/\n").hierarchies.map(({ mountpoint }) => mountpoint)).toEqual([expected]);
  });

  test("mounted twice: the one that shows our own cgroup", () => {
    const text = withMounts(
      "50 1 0:32 /other /mnt/one rw - cgroup cgroup rw,memory",
      "51 1 0:32 /ours /mnt/two rw - cgroup cgroup rw,memory",
    );
    expect(parseLayout(text, "4:memory:/ours/deep\n").hierarchies).toMatchObject([{ mountpoint: "/mnt/two" }]);
  });

  test("a read-only hierarchy is told as such", () => {
    const text = withMounts("50 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup ro,memory");
    expect(parseLayout(text, "4:memory:/\n").hierarchies).toMatchObject([{ writable: false }]);
  });

  test.each([
    ["on its own place", "60 35 0:99 / /sys/fs/cgroup/memory rw - tmpfs tmpfs rw"],
    ["on the folder above", "60 31 0:99 / /sys/fs/cgroup rw - tmpfs tmpfs rw"],
    ["further up", "60 1 0:99 / /sys rw - sysfs sysfs rw"],
  ])("a hierarchy under a later mount %s is not there", (_, cover) => {
    const text = withMounts("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", cover);
    expect(parseLayout(text, "4:memory:/\n").hierarchies).toEqual([]);
  });

  test("blanks in a mount point", () => {
    const text = withMounts("50 1 0:32 / /mnt/my\\040cgroups/memory rw - cgroup cgroup rw,memory");
    expect(parseLayout(text, "").hierarchies).toMatchObject([{ mountpoint: "/mnt/my cgroups/memory", name: "memory" }]);
  });

  test("probing adds the v2 tree's controllers, and the whole is plain data", () => {
    const fake = fakeCgroups(FAKE_HOSTS.hybrid());
    try {
      const layout = probeCgroups();
      expect(layout.unified).toMatchObject({ mountpoint: `${fake.top}/unified`, controllers: ["hugetlb"] });
      expect(JSON.parse(JSON.stringify(layout))).toEqual(layout);
    } finally {
      fake.remove();
    }
  });
});
