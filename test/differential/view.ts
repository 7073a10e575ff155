const STATUS = "Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|SigBlk|SigIgn|Umask";
const CGROUP_FILES = [
  "memory/memory.limit_in_bytes",
  "memory/memory.memsw.limit_in_bytes",
  "memory/memory.swappiness",
  "memory/memory.soft_limit_in_bytes",
  "memory/memory.oom_control",
  "pids/pids.max",
  "cpu/cpu.shares",
  "cpu/cpu.cfs_quota_us",
  "cpu/cpu.cfs_period_us",
  "cpuset/cpuset.cpus",
  "cpuset/cpuset.mems",
  "devices/devices.list",
  "blkio/blkio.throttle.read_bps_device",
];
const SYSCTLS = [
  "net/ipv4/ip_unprivileged_port_start",
  "net/ipv4/ping_group_range",
  "kernel/shmmax",
  "fs/mqueue/msg_max",
];

/** What a program can see of its container, by section: shell commands for busybox. */
const COMMANDS: readonly (readonly [string, string])[] = [
  ["status", `grep -E '^(${STATUS}):' /proc/self/status`],
  ["limits", "cat /proc/self/limits"],
  ["environment", "tr '\\0' '\\n' < /proc/1/environ | sort"],
  ["mounts", "cat /proc/self/mountinfo"],
  ["devices", "cd /dev; for f in $(find . | sort); do stat -c '%N %F %a %u:%g %t:%T' $f; done"],
  ["names", "hostname; cat /proc/sys/kernel/domainname; readlink /proc/1/exe; cat /proc/1/comm"],
  ["process", "pwd; umask; cat /proc/self/oom_score_adj; cut -d' ' -f4-7 /proc/1/stat; ls /proc/1/fd"],
  ["cgroups", "cut -d: -f2- /proc/1/cgroup"],
  ["limit files", `cd /sys/fs/cgroup; for f in ${CGROUP_FILES.join(" ")}; do sort $f | sed "s|^|$f: |"; done`],
  ["network", "ip address show; cat /proc/net/route"],
  ["sysctl", `cd /proc/sys; for f in ${SYSCTLS.join(" ")}; do echo "$f: $(cat $f)"; done`],
  ["root", "ls -A /; ls -ld /dev /proc /sys /tmp | cut -c1-10"],
  ["namespaces", "for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done"],
  ["keys", "cut -c1-8,60- /proc/keys"],
];

/** All of it as one script. */
export const VIEW_SCRIPT = COMMANDS.map(([name, command]) => `echo "== ${name}"; (${command}) 2>&1`).join("\n");

/** What the script printed: lines by section. */
export function sections(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const heading = /^== (.+)$/.exec(line)?.[1];
    if (heading === undefined) {
      current.push(line.trim().replace(/\s+/g, " "));
    } else {
      current = [];
      found.set(heading, current);
    }
  }
  return found;
}
