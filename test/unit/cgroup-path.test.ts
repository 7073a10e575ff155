import { describe, expect, test } from "@jest/globals";
import type { CgroupLayout } from "../../runtime/cgroups/layout.ts";
import { placeContainer } from "../../runtime/cgroups/path.ts";
import { RuntimeError } from "../../runtime/errors.ts";

function layout(mode: CgroupLayout["mode"], own: string, root = "/", writable = true): CgroupLayout {
  const tree = { root, own, writable };
  const memory = {
    ...tree,
    mountpoint: "/cg/memory",
    name: "memory",
    controllers: ["memory"],
    mountOptions: ["memory"],
  };
  return {
    mode,
    hierarchies: mode === "v2" ? [] : [memory],
    unified: mode === "v1" ? null : { ...tree, mountpoint: "/cg/unified", controllers: [] },
  };
}

function place(host: CgroupLayout, cgroupsPath?: string): string[] {
  const { v1, unified } = placeContainer({ layout: host, id: "box", cgroupsPath });
  return [...v1.map(({ directory }) => directory), ...(unified === "" ? [] : [unified])];
}

describe("where a container's cgroups are", () => {
  test.each<[string, CgroupLayout, string | undefined, string[]]>([
    ["absolute", layout("hybrid", "/own"), "/a/b", ["/cg/memory/a/b", "/cg/unified/a/b"]],
    ["absolute, untidy", layout("hybrid", "/own"), "//a/./b/", ["/cg/memory/a/b", "/cg/unified/a/b"]],
    ["relative on v1: below our own", layout("v1", "/own"), "a/b", ["/cg/memory/own/a/b"]],
    ["relative on hybrid: below our own", layout("hybrid", "/own"), "a", ["/cg/memory/own/a", "/cg/unified/own/a"]],
    ["relative on v2: beside our own", layout("v2", "/user.slice/s.scope"), "a", ["/cg/unified/user.slice/a"]],
    ["relative on v2, we are in the root", layout("v2", "/"), "a", ["/cg/unified/a"]],
    ["relative on v2, we are below the root", layout("v2", "/s.scope"), "a", ["/cg/unified/a"]],
    ["absent: the id, relative", layout("hybrid", "/own"), undefined, ["/cg/memory/own/box", "/cg/unified/own/box"]],
    ["empty: the same", layout("v2", "/own/x"), "", ["/cg/unified/own/box"]],
    ["relative in a bound part", layout("v1", "/docker/abc/in", "/docker/abc"), "a", ["/cg/memory/in/a"]],
    ["relative in a part that is all ours", layout("v1", "/docker/abc", "/docker/abc"), "a", ["/cg/memory/a"]],
    ["relative where the mount does not show us", layout("v1", "/elsewhere", "/docker/abc"), "a", ["/cg/memory/a"]],
    ["relative from outside of the cgroup namespace", layout("v1", "/../../x"), "a", ["/cg/memory/a"]],
    ["a read-only tree", layout("hybrid", "/", "/", false), "/a", []],
    ["a name with dots and colons", layout("v1", "/"), "/system.slice/a:b..c", ["/cg/memory/system.slice/a:b..c"]],
  ])("%s", (_, host, cgroupsPath, expected) => {
    expect(place(host, cgroupsPath)).toEqual(expected);
  });

  test.each([
    ["/a/../b", "E_CONFIG_INVALID", "cgroups path /a/../b: must not contain .. (config.json /linux/cgroupsPath)"],
    ["../b", "E_CONFIG_INVALID", "cgroups path ../b: must not contain .. (config.json /linux/cgroupsPath)"],
    ["/", "E_CONFIG_INVALID", "cgroups path /: is the root of all cgroups (config.json /linux/cgroupsPath)"],
    ["./", "E_CONFIG_INVALID", "cgroups path ./: is the root of all cgroups (config.json /linux/cgroupsPath)"],
    [
      "/a\nb",
      "E_CONFIG_INVALID",
      "cgroups path: must not contain a line break or NUL (config.json /linux/cgroupsPath)",
    ],
    [
      "system.slice:docker:abc",
      "E_CONFIG_UNSUPPORTED",
      "cgroups path system.slice:docker:abc: the systemd cgroup driver is not available (config.json /linux/cgroupsPath)",
    ],
    [
      "::abc",
      "E_CONFIG_UNSUPPORTED",
      "cgroups path ::abc: the systemd cgroup driver is not available (config.json /linux/cgroupsPath)",
    ],
  ])("%j is refused", (cgroupsPath, code, message) => {
    const attempt = () => place(layout("hybrid", "/"), cgroupsPath);
    expect(attempt).toThrow(RuntimeError);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code, oneLine: message });
    }
  });
});
