/** Changes to a configuration and what the rules find in them: mounts, namespaces, mappings, devices, sysctl. */
import { ALL, linux, map, mount, process, type Row, userns } from "./spec-cases.ts";

export const ISOLATION_CASES: Record<string, Row[]> = {
  mounts: [
    [mount({ destination: "/a", options: ["remount", "bind", "ro"] })],
    [
      mount({ destination: "/a", type: "tmpfs", options: ["src-nofollow"] }),
      "error /mounts/0/options mounts[0] has an option on symbolic links, but is no bind mount",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "copy-symlink", "src-nofollow"] }),
      "error /mounts/0/options mounts[0] has both copy-symlink and src-nofollow",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "copy-symlink", "idmap=uids=0-0-1;gids=0-0-1"] }),
      "error /mounts/0/options mounts[0] can't copy a symbolic link and map ids",
    ],
    [
      mount({ destination: "/a", type: "ext4", options: ["ro", "tmpcopyup"] }),
      "error /mounts/0/options/1 mounts[0] has the option tmpcopyup, but is no tmpfs",
    ],
    [mount({ destination: "/a", type: "tmpfs", options: ["tmpcopyup"] })],
    [
      mount({ destination: "/a", options: ["remount", "idmap"] }),
      "error /mounts/0/options mounts[0] is a remount, which can't be id-mapped",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "idmap=uids=0-0-0;gids=0-1-5#3-9-1"] }),
      "error /mounts/0/options/1 mounts[0]: uids of the option idmap[0] maps no id",
      "error /mounts/0/options/1 mounts[0]: gids of the option idmap[1] overlaps mounts[0]: gids of the option idmap[0]",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "idmap=uids=@0-0-1;gids=0-0-1"] }),
      "error /mounts/0/options/1 mounts[0]: the option idmap is relative to a user namespace, and there is none",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["idmap=uids=0", "bind"] }),
      'error /mounts/0/options/0 mounts[0]: the option idmap has "0" where a range FROM-TO-SIZE is due',
    ],
    [
      mount({
        destination: "/a",
        source: "/b",
        options: ["bind", "idmap=uids=0-1-1;gids=0-1-1"],
        uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
        gidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
      }),
      "error /mounts/0/options/1 mounts[0]: the option idmap has mappings, and so has the mount itself",
    ],
    [mount({ destination: "/proc", type: "proc" }, { destination: "/a", source: "/b", options: ["rbind", "ro"] })],
    [mount({ destination: "/a", type: "tmpfs", options: ["size=1k", "sync"] })],
    [mount({ destination: "/a", options: ["remount", "ro"] })],
    [
      mount({ destination: "data", type: "tmpfs" }),
      'warning /mounts/0/destination mounts[0].destination should be absolute: "data" is taken as "/data"',
    ],
    [mount({ destination: "", type: "tmpfs" }), "error /mounts/0/destination mounts[0].destination is empty"],
    [
      mount({ destination: "/a", options: ["bind"] }),
      "error /mounts/0/source mounts[0] is a bind mount without source",
    ],
    [mount({ destination: "/a" }), "error /mounts/0/type mounts[0] has neither a type nor the option bind or rbind"],
    [
      mount({ destination: "/a", type: "bind", source: "/b" }),
      "error /mounts/0/options mounts[0] of type bind lacks the option bind or rbind",
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "size=1k", "sync", "async", "or"] }),
      'warning /mounts/0/options/1 mounts[0] is a bind mount, for which "size=1k" means nothing',
      'error /mounts/0/options/2 mounts[0] is a bind mount, which can\'t have the option "sync"',
      'error /mounts/0/options/4 mounts[0] is a bind mount, which can\'t have the option "or"',
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "idmap"] }),
      "error /mounts/0/options mounts[0] has the option idmap, but neither it nor a user namespace has mappings",
    ],
    [
      {
        mounts: [{ destination: "/a", source: "/b", options: ["bind", "ridmap"] }],
        ...userns([map(0, 1000, 10)]),
      },
    ],
    [
      mount({ destination: "/a", source: "/b", options: ["bind", "idmap"], uidMappings: [map(0, 1, 1)] }),
      "error /mounts/0 mounts[0] must have both uidMappings and gidMappings or neither",
    ],
    [
      mount({
        destination: "/a",
        source: "/b",
        options: ["bind"],
        uidMappings: [map(0, 1, 0)],
        gidMappings: [map(0, 1, 1)],
      }),
      "error /mounts/0/uidMappings/0/size mounts[0].uidMappings[0] maps no id",
      "warning /mounts/0/options mounts[0] has mappings, but not the option idmap or ridmap: idmap is assumed",
    ],
  ],
  namespaces: [
    [linux({}, [{ type: "pid" }, { type: "network", path: "/run/netns/a" }, { type: "ipc", path: "" }])],
    [
      linux({}, [{ type: "pid" }, { type: "uts" }, { type: "pid", path: "x" }]),
      "error /linux/namespaces/2 linux.namespaces has pid more than once",
      'error /linux/namespaces/2/path path of the pid namespace must be absolute (got "x")',
    ],
    [{ hostname: "a", domainname: "b", ...linux({}) }],
    [{ hostname: "" }],
    [
      { hostname: "a", domainname: "b" },
      "error /hostname hostname needs a uts namespace",
      "error /domainname domainname needs a uts namespace",
    ],
    [{ hostname: "a".repeat(65), ...linux({}) }, "error /hostname hostname is longer than 64 characters"],
    [linux({ timeOffsets: {} })],
    [linux({ timeOffsets: { monotonic: { secs: 1 } } }, [{ type: "time" }])],
    [
      linux({ timeOffsets: { monotonic: { secs: 1 }, boottime: { nanosecs: 1000000000 } } }),
      "error /linux/timeOffsets linux.timeOffsets needs a new time namespace",
      "error /linux/timeOffsets/boottime/nanosecs linux.timeOffsets.boottime.nanosecs must be below 1000000000 (got 1000000000)",
    ],
    [
      linux({ timeOffsets: { monotonic: { secs: 1 } } }, [{ type: "time", path: "/proc/1/ns/time" }]),
      "error /linux/timeOffsets linux.timeOffsets needs a new time namespace",
    ],
    [linux({ maskedPaths: ["/proc/kcore"], readonlyPaths: ["/proc/sys"] })],
    [linux({ maskedPaths: [], readonlyPaths: [] }, [])],
    [
      linux({ maskedPaths: ["/a", "b"], readonlyPaths: ["c"] }, []),
      "error /linux/maskedPaths linux.maskedPaths needs a mount namespace",
      'error /linux/maskedPaths/1 linux.maskedPaths[1] must be absolute (got "b")',
      "error /linux/readonlyPaths linux.readonlyPaths needs a mount namespace",
      'error /linux/readonlyPaths/0 linux.readonlyPaths[0] must be absolute (got "c")',
    ],
  ],
  "mapped ids": [
    [
      {
        ...userns([map(0, 1000, 9)], [map(0, 1000, 9)]),
        ...process({ user: { uid: 8, gid: 8, additionalGids: [0, 8] } }),
      },
    ],
    [
      {
        ...userns([map(1, 1000, 8)], [map(0, 1000, 5), map(6, 2000, 3)]),
        ...process({ user: { uid: 0, gid: 5, additionalGids: [0, 9] } }),
      },
      "error /process/user/uid process.user.uid 0 is not mapped in the user namespace",
      "error /process/user/gid process.user.gid 5 is not mapped in the user namespace",
      "error /process/user/additionalGids/1 process.user.additionalGids[1] 9 is not mapped in the user namespace",
    ],
    [
      {
        ...linux({}, [{ type: "user", path: "/proc/1/ns/user" }]),
        ...process({ user: { uid: 70_000, gid: 0 } }),
      },
    ],
  ],
  mappings: [
    [userns([map(0, 1000, 1), map(1, 100000, 65535)])],
    [
      userns(),
      "error /linux/uidMappings a new user namespace needs linux.uidMappings",
      "error /linux/gidMappings a new user namespace needs linux.gidMappings",
    ],
    [userns([map(0, 1, 1)], []), "error /linux/gidMappings a new user namespace needs linux.gidMappings"],
    [
      linux({ uidMappings: [map(0, 0, 1)], gidMappings: [map(0, 0, 1)] }),
      "error /linux/uidMappings linux.uidMappings needs a user namespace",
      "error /linux/gidMappings linux.gidMappings needs a user namespace",
    ],
    [linux({ uidMappings: [map(0, 0, 1)], gidMappings: [map(0, 0, 1)] }, [{ type: "user", path: "/proc/1/ns/user" }])],
    [linux({}, [{ type: "user", path: "/proc/1/ns/user" }])],
    [userns([map(0, 0, 4294967295)])],
    [
      userns([map(0, 1, 4294967295)], [map(0, 0, 1)]),
      "error /linux/uidMappings/0/size linux.uidMappings[0] goes beyond the highest id",
    ],
    [
      userns([map(0, 0, 0)], [map(0, 0, 1)]),
      "error /linux/uidMappings/0/size linux.uidMappings[0] maps no id",
      "error /process/user/uid process.user.uid 0 is not mapped in the user namespace",
    ],
    [
      userns([map(0, 1000, 10), map(9, 2000, 1)], [map(0, 1000, 10), map(10, 1009, 1)]),
      "error /linux/uidMappings/1 linux.uidMappings[1] overlaps linux.uidMappings[0]",
      "error /linux/gidMappings/1 linux.gidMappings[1] overlaps linux.gidMappings[0]",
    ],
    [
      userns(
        Array.from({ length: 341 }, (_, i) => map(i, i, 1)),
        [map(0, 0, 1)],
      ),
      "error /linux/uidMappings linux.uidMappings has more than 340 entries",
    ],
  ],
  devices: [
    [
      linux({
        devices: [
          { type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 8630, uid: 0, gid: 0 },
          { type: "u", path: "/dev/fuse", major: 10, minor: 229 },
          { type: "p", path: "/run/pipe" },
        ],
      }),
    ],
    [
      linux({ devices: [{ type: "b", path: "dev/sda", major: 8 }] }),
      'error /linux/devices/0/path linux.devices[0].path must be absolute (got "dev/sda")',
      "error /linux/devices/0 linux.devices[0] of type b needs major and minor",
    ],
    [
      linux({ devices: [{ type: "c", path: "/dev/a", major: -1, minor: 0, uid: 4294967295 }] }),
      "error /linux/devices/0 linux.devices[0].major must be from 0 to 4095 (got -1)",
      "error /linux/devices/0/uid linux.devices[0].uid can't be 4294967295",
    ],
    [
      linux({
        devices: [
          { type: "c", path: "/dev/a", major: 1, minor: 3 },
          { type: "c", path: "/dev/a", major: 1, minor: 5 },
        ],
      }),
      "error /linux/devices/1 linux.devices[1] differs from an earlier device at /dev/a",
    ],
    [linux({ netDevices: { eth0: { name: "net%d" }, eth1: { name: "net%d" }, eth2: {}, eth3: { name: "%d" } } })],
    [linux({ netDevices: { eth0: {} } }, []), "error /linux/netDevices linux.netDevices needs a network namespace"],
    [
      linux({ netDevices: { "a/b": {}, eth0: { name: "sixteen-letters-" }, eth1: { name: "a b" } } }),
      'error /linux/netDevices/a~1b network device "a/b" holds a character that no interface name has',
      'error /linux/netDevices/eth0 network device "sixteen-letters-" is longer than 15 characters',
      'error /linux/netDevices/eth1 network device "a b" holds a character that no interface name has',
    ],
    [
      linux({ netDevices: { eth0: { name: "x" }, eth1: { name: "x" }, eth2: { name: "a%sb" } } }),
      'error /linux/netDevices/eth1 network device "x" is the name of two devices',
      'error /linux/netDevices/eth2 network device "a%sb" has a % that is not a final %d',
    ],
  ],
  sysctl: [
    [
      {
        ...linux(
          {
            sysctl: {
              "kernel.msgmax": "1",
              "kernel.shm_rmid_forced": "1",
              "fs.mqueue.msg_max": "1",
              "net.ipv4.ip_forward": "1",
              "net/ipv4/conf/eth0.1/forwarding": "1",
              "kernel.domainname": "x",
              "user.max_user_namespaces": "1",
            },
            uidMappings: [map(0, 0, 1)],
            gidMappings: [map(0, 0, 1)],
          },
          [...ALL, { type: "user" }],
        ),
      },
    ],
    [
      linux(
        { sysctl: { "kernel.msgmax": "1", "net.core.somaxconn": "1", "kernel.domainname": "x", "user.x": "1" } },
        [],
      ),
      'error /linux/sysctl/kernel.msgmax sysctl "kernel.msgmax" needs a namespace of type ipc',
      'error /linux/sysctl/net.core.somaxconn sysctl "net.core.somaxconn" needs a namespace of type network',
      'error /linux/sysctl/kernel.domainname sysctl "kernel.domainname" needs a namespace of type uts',
      'error /linux/sysctl/user.x sysctl "user.x" needs a namespace of type user',
    ],
    [
      linux({ sysctl: { "kernel.foo": "1", "vm.swappiness": "1", net: "1", "kernel.shm": "1", kernel: "1" } }),
      ...["kernel.foo", "vm.swappiness", "net", "kernel.shm", "kernel"].map(
        (key) => `error /linux/sysctl/${key} sysctl "${key}" is not in a namespace of the container`,
      ),
    ],
    [
      { domainname: "d", ...linux({ sysctl: { "kernel.hostname": "x", "kernel/domainname": "y" } }) },
      'error /linux/sysctl/kernel.hostname sysctl "kernel.hostname" conflicts with hostname, which sets the same',
      'error /linux/sysctl/kernel~1domainname sysctl "kernel/domainname" conflicts with domainname, which sets the same',
    ],
    [
      linux({ sysctl: { "net/../kernel/core_pattern": "x", "net.//.x": "x", "net..x": "x", "": "x", "/net/x": "x" } }),
      'error /linux/sysctl/net~1..~1kernel~1core_pattern sysctl "net/../kernel/core_pattern" is not the name of a parameter',
      'error /linux/sysctl/net.~1~1.x sysctl "net.//.x" is not the name of a parameter',
      'error /linux/sysctl/net..x sysctl "net..x" is not the name of a parameter',
      'error /linux/sysctl/ sysctl "" is not the name of a parameter',
      'error /linux/sysctl/~1net~1x sysctl "/net/x" is not the name of a parameter',
    ],
  ],
};
