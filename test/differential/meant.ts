/** A difference between tsrun and a peer that is meant: both are right, or the peer is not. */
export interface Meant {
  /** Whose view differs from tsrun's. */
  readonly peer: "runc" | "crun";
  /** The difference, as `differences` words it. */
  readonly what: RegExp;
  readonly reason: string;
  readonly spec: string;
}

interface Topic {
  readonly reason: string;
  readonly spec: string;
  /** What tsrun's program sees and neither peer's does. */
  readonly tsrun?: readonly RegExp[];
  /** The same, where only one of the peers differs. */
  readonly tsrunNotRunc?: readonly RegExp[];
  readonly tsrunNotCrun?: readonly RegExp[];
  readonly runc?: readonly RegExp[];
  readonly crun?: readonly RegExp[];
}

const TOPICS: readonly Topic[] = [
  {
    reason: "a masked folder is one shared, tiny tmpfs that no program or device in it could be used from",
    spec: "config-linux.md#masked-paths",
    tsrun: [
      /^tsrun mounts: (\/proc\/acpi|\/sys\/firmware|\/sys\/dev\/block) tmpfs root=\/ ro,nosuid,nodev,noexec,relatime source=none ro,size=4k,nr_inodes=2,mode=755(,uid=100000,gid=100000)?( shared:N)?$/,
    ],
    runc: [
      /^peer mounts: (\/proc\/acpi|\/sys\/firmware|\/sys\/dev\/block) tmpfs root=\/ ro,relatime source=tmpfs ro(,uid=100000,gid=100000)?$/,
    ],
    crun: [
      /^peer mounts: (\/proc\/acpi|\/sys\/firmware|\/sys\/dev\/block) tmpfs root=\/ ro,relatime source=tmpfs rw,size=0k(,uid=100000,gid=100000)?$/,
    ],
  },
  {
    reason:
      "a masked file is the host's /dev/null, never a file that the container could have put there (CVE-2025-31133)",
    spec: "config-linux.md#masked-paths",
    tsrun: [
      /^tsrun mounts: (\/proc\/keys|\/proc\/timer_list|\/etc\/passwd) devtmpfs root=\/null rw,relatime source=devtmpfs \S+( shared:N)?$/,
    ],
    runc: [
      /^peer mounts: (\/proc\/keys|\/proc\/timer_list|\/etc\/passwd) tmpfs root=\/null rw,nosuid(,noexec)? source=tmpfs \S+$/,
    ],
    crun: [
      /^peer mounts: (\/proc\/keys|\/proc\/timer_list|\/etc\/passwd) devtmpfs root=\/null ro,relatime source=devtmpfs \S+$/,
    ],
  },
  {
    reason: "the v2 tree beside v1 hierarchies is shown too, and the folder of all of them is read-only when asked",
    spec: "config-linux.md#cgroups",
    tsrun: [
      /^tsrun mounts: \/sys\/fs\/cgroup\/unified cgroup2 root=\/(CONTAINER)? ro,nosuid,nodev,noexec,relatime source=cgroup2? rw( shared:N)?$/,
      /^tsrun mounts: \/sys\/fs\/cgroup tmpfs root=\/ ro,nosuid,nodev,noexec,relatime source=tmpfs rw,mode=755(,uid=100000,gid=100000)?$/,
    ],
    runc: [
      /^peer mounts: \/sys\/fs\/cgroup tmpfs root=\/ rw,nosuid,nodev,noexec,relatime source=tmpfs rw,mode=755(,uid=100000,gid=100000)?$/,
    ],
    crun: [
      /^peer mounts: \/sys\/fs\/cgroup tmpfs root=\/ rw,nosuid,nodev,noexec,relatime source=cgroup rw,size=1024k(,uid=100000,gid=100000)?$/,
    ],
  },
  {
    reason: "the source of a hierarchy mounted in a cgroup namespace is a free word: ours is cgroup",
    spec: "config-linux.md#cgroups",
    tsrunNotRunc: [
      /^tsrun mounts: \/sys\/fs\/cgroup\/systemd cgroup root=\/ ro,nosuid,nodev,noexec,relatime source=cgroup rw,name=systemd$/,
    ],
    tsrunNotCrun: [
      /^tsrun mounts: \/sys\/fs\/cgroup\/\w+ cgroup root=\/ ro,nosuid,nodev,noexec,relatime source=cgroup rw,[\w=]+$/,
    ],
    runc: [
      /^peer mounts: \/sys\/fs\/cgroup\/systemd cgroup root=\/ ro,nosuid,nodev,noexec,relatime source=systemd rw,name=systemd$/,
    ],
    crun: [
      /^peer mounts: \/sys\/fs\/cgroup\/(\w+) cgroup root=\/ ro,nosuid,nodev,noexec,relatime source=\/sys\/fs\/cgroup\/\1 rw,[\w=]+$/,
    ],
  },
  {
    reason:
      "rootfsPropagation rshared holds for the root and for what is mounted on it afterwards; the peers make it private",
    spec: "config-linux.md#rootfs-mount-propagation",
    tsrun: [
      /^tsrun mounts: \/sys\/fs\/cgroup\/\w+ cgroup root=\/CONTAINER ro,nosuid,nodev,noexec,relatime source=cgroup rw,[\w=]+ shared:N$/,
    ],
    tsrunNotRunc: [/^tsrun mounts: \/ \w+ root=\/SESSION\S+ ro,relatime source=\S+ \S+ shared:N$/],
    runc: [
      /^peer mounts: \/sys\/fs\/cgroup\/\w+ cgroup root=\/CONTAINER ro,nosuid,nodev,noexec,relatime source=cgroup rw,[\w=]+$/,
      /^peer mounts: \/ \w+ root=\/SESSION\S+ ro,relatime source=\S+ \S+$/,
    ],
    crun: [
      /^peer mounts: \/sys\/fs\/cgroup\/\w+ cgroup root=\/CONTAINER ro,nosuid,nodev,noexec,relatime source=cgroup rw,[\w=]+$/,
    ],
  },
  {
    reason:
      "ipc and user namespace come from one clone3, so that the one owns the other; the kernel gives the queues' root to the caller",
    spec: "config-linux.md#namespaces",
    tsrun: [/^tsrun devices: \.\/mqueue directory 1777 65534:65534 0:0$/],
    runc: [/^peer devices: \.\/mqueue directory 1777 0:65534 0:0$/],
    crun: [/^peer devices: \.\/mqueue directory 1777 0:0 0:0$/],
  },
  {
    reason: "sysfs asked for read-only is so in its superblock too, as with runc",
    spec: "config.md#mounts",
    tsrunNotCrun: [/^tsrun mounts: \/sys sysfs root=\/ ro,nosuid,nodev,noexec,relatime source=sysfs ro$/],
    crun: [/^peer mounts: \/sys sysfs root=\/ ro,nosuid,nodev,noexec,relatime source=sysfs rw$/],
  },
  {
    reason: "a read-only path keeps the flags that its mount had, as with runc; crun drops them",
    spec: "config-linux.md#readonly-paths",
    tsrunNotCrun: [
      /^tsrun mounts: \/proc\/(bus|fs|irq|sys) proc root=\/\w+ ro,nosuid,nodev,noexec,relatime source=proc rw$/,
    ],
    crun: [/^peer mounts: \/proc\/(bus|fs|irq|sys) proc root=\/\w+ ro,relatime source=proc rw$/],
  },
  {
    reason: "crun makes /dev/core, which no specification names",
    spec: "config-linux.md#default-devices",
    crun: [/^peer devices: '\.\/core' -> '\/proc\/kcore' symbolic link 777 0:0 0:0$/],
  },
  {
    reason: "the tun device is allowed and the console, which is not there, is not: as with runc",
    spec: "config-linux.md#default-devices",
    tsrunNotCrun: [/^tsrun limit files: devices\/devices\.list: c 10:200 rwm$/],
    crun: [/^peer limit files: devices\/devices\.list: c 5:1 rwm$/],
  },
  {
    reason: "in a user namespace devices are bound with the flags that the host's have; crun adds nosuid and noexec",
    spec: "config-linux.md#default-devices",
    tsrunNotCrun: [
      /^tsrun mounts: \/dev\/(null|zero|full|random|urandom|tty) devtmpfs root=\/\w+ rw,relatime source=devtmpfs \S+$/,
    ],
    crun: [
      /^peer mounts: \/dev\/(null|zero|full|random|urandom|tty) devtmpfs root=\/\w+ rw,nosuid,noexec,relatime source=devtmpfs \S+$/,
    ],
  },
  {
    reason: "HOME is / for a user without an entry in passwd, as with runc; crun leaves it out",
    spec: "config.md#posix-process",
    tsrunNotCrun: [/^tsrun environment: HOME=\/$/],
  },
];

function entries({ reason, spec, tsrun = [], ...one }: Topic): Meant[] {
  const of = (peer: Meant["peer"], lines: readonly RegExp[] = []): Meant[] =>
    lines.map((what) => ({ peer, what, reason, spec }));
  return [
    ...of("runc", [...tsrun, ...(one.tsrunNotRunc ?? []), ...(one.runc ?? [])]),
    ...of("crun", [...tsrun, ...(one.tsrunNotCrun ?? []), ...(one.crun ?? [])]),
  ];
}

/** Every entry must be seen at least once: one that is not is out of date and fails the test. */
export const MEANT: readonly Meant[] = TOPICS.flatMap(entries);
