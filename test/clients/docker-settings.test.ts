/** docker's flags for resources, file systems, networks and security. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { until } from "../../bundles/command.ts";
import { debianRootfs } from "../../bundles/debian.ts";
import { CGROUP_ROOT } from "../support/cgroup.ts";
import {
  type CgroupFile,
  capabilities,
  cgroupPath,
  haveSysResource,
  isV2,
  lane,
  NO_RESOURCE,
  program,
  useClient,
} from "../support/clients.ts";
import { DOCKER_NEEDS, Docker } from "../support/docker.ts";
import { isTsrun } from "../support/runtime.ts";

const { quick, whole, when } = lane(DOCKER_NEEDS);
const docker = useClient(DOCKER_NEEDS, Docker.open);

const MEMORY: CgroupFile = { v1: ["memory", "memory.limit_in_bytes"], v2: "memory.max" };
const SWAP: CgroupFile = { v1: ["memory", "memory.memsw.limit_in_bytes"], v2: "memory.swap.max" };
const PERIOD: CgroupFile = { v1: ["cpu", "cpu.cfs_period_us"], v2: "cpu.max" };
const QUOTA: CgroupFile = { v1: ["cpu", "cpu.cfs_quota_us"], v2: "cpu.max" };
const SHARES: CgroupFile = { v1: ["cpu", "cpu.shares"], v2: "cpu.weight" };
const CPUS: CgroupFile = { v1: ["cpuset", "cpuset.cpus"], v2: "cpuset.cpus" };
const PIDS: CgroupFile = { v1: ["pids", "pids.max"], v2: "pids.max" };
const FREEZER: CgroupFile = { v1: ["freezer", "freezer.state"], v2: "cgroup.freeze" };

const haveSwap = isV2 || existsSync(join(CGROUP_ROOT, ...SWAP.v1));
const MIB = 1024 * 1024;

/** Starts a container with these flags and passes its id to `look`; the container is removed afterwards. */
async function started(flags: readonly string[], look: (id: string) => Promise<void>): Promise<void> {
  const id = await docker().start("settings", ["sleep", "1000"], ...flags);
  try {
    await look(id);
  } finally {
    await docker().ok(["rm", "-f", "settings"]);
  }
}

/** The value with which docker's number of this kind ends up in the cgroup. */
const value = (v1: number | string, v2: number | string): string => `${isV2 ? v2 : v1}`;

describe("resources", () => {
  quick("-m and --memory-swap", () =>
    started(["-m", "100m", "--memory-swap", "150m"], async (id) => {
      expect(docker().cgroup(id, MEMORY)).toBe(`${100 * MIB}`);
      if (haveSwap) expect(docker().cgroup(id, SWAP)).toBe(value(150 * MIB, 50 * MIB));
    }),
  );

  quick("-m kills what takes more: OOMKilled, 137", async () => {
    await docker().start(
      "oom",
      ["sh", "-c", "tail /dev/zero; code=$?; sleep 2; exit $code"],
      "-m",
      "20m",
      "--memory-swap",
      "20m",
    );
    expect(await docker().ok(["wait", "oom"])).toBe("137");
    expect(await docker().inspect("oom", "State.OOMKilled")).toBe(true);
    await docker().ok(["rm", "oom"]);
  });

  whole("--cpu-period, --cpu-quota", () =>
    started(["--cpu-period", "50000", "--cpu-quota", "25000"], async (id) => {
      expect(docker().cgroup(id, PERIOD)).toBe(value(50000, "25000 50000"));
      expect(docker().cgroup(id, QUOTA)).toBe(value(25000, "25000 50000"));
    }),
  );

  whole("--cpus", () =>
    started(["--cpus", "0.5"], async (id) => expect(docker().cgroup(id, QUOTA)).toBe(value(50000, "50000 100000"))),
  );

  whole("-c, --cpuset-cpus, --pids-limit", () =>
    started(["-c", "512", "--cpuset-cpus", "0", "--pids-limit", "64"], async (id) => {
      expect(docker().cgroup(id, SHARES)).toBe(value(512, 20));
      expect(docker().cgroup(id, CPUS)).toBe("0");
      expect(docker().cgroup(id, PIDS)).toBe("64");
    }),
  );

  whole("--pids-limit holds", async () => {
    const script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 2 & done; wait";
    const outcome = await docker().run([
      "run",
      "--rm",
      "--net",
      "none",
      "--pids-limit",
      "4",
      "box",
      "sh",
      "-c",
      script,
    ]);
    expect(outcome.stderr).toMatch(/can't fork|Resource temporarily unavailable/);
  });

  when(existsSync("/dev/vda"), "no /dev/vda to limit")("--device-read-bps, -write-bps, -read-iops, -write-iops", () =>
    started(
      [
        ["--device-read-bps", "/dev/vda:1mb"],
        ["--device-write-bps", "/dev/vda:2mb"],
        ["--device-read-iops", "/dev/vda:300"],
        ["--device-write-iops", "/dev/vda:400"],
      ].flat(),
      async (id) => {
        const of = (file: string) =>
          docker().cgroup(id, { v1: ["blkio", `blkio.throttle.${file}_device`], v2: "io.max" });
        const kinds = ["read_bps", "write_bps", "read_iops", "write_iops"];
        const values = isV2 ? ["rbps=1048576", "wbps=2097152", "riops=300", "wiops=400"] : [MIB, 2 * MIB, 300, 400];
        for (const [index, kind] of kinds.entries()) expect(of(kind)).toMatch(new RegExp(`\\b${values[index]}\\b`));
      },
    ),
  );

  quick("docker update changes what it names and leaves the rest", () =>
    started(["-m", "100m", "--memory-swap", "150m", "--cpu-quota", "30000", "-c", "512"], async (id) => {
      await docker().ok(["update", "-m", "120m", "settings"]);
      expect(docker().cgroup(id, MEMORY)).toBe(`${120 * MIB}`);
      expect(docker().cgroup(id, QUOTA)).toBe(value(30000, "30000 100000"));
      expect(docker().cgroup(id, SHARES)).toBe(value(512, 20));
      await docker().ok(["update", "--cpu-quota", "40000", "--pids-limit", "77", "settings"]);
      expect(docker().cgroup(id, QUOTA)).toBe(value(40000, "40000 100000"));
      expect(docker().cgroup(id, PIDS)).toBe("77");
      expect(docker().cgroup(id, MEMORY)).toBe(`${120 * MIB}`);
    }),
  );

  whole("stats tells what the cgroup has", () =>
    started(["-m", "100m"], async (id) => {
      const printed = await docker().ok(["stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", id]);
      expect(printed).toMatch(/ \/ 100MiB 1$/);
    }),
  );

  whole("pause freezes the cgroup", () =>
    started([], async (id) => {
      await docker().ok(["pause", "settings"]);
      expect(docker().cgroup(id, FREEZER)).toBe(value("FROZEN", 1));
      await docker().ok(["unpause", "settings"]);
      expect(docker().cgroup(id, FREEZER)).toBe(value("THAWED", 0));
    }),
  );

  whole("the cgroup is gone with the container", async () => {
    let path = "";
    await started([], async (id) => {
      path = cgroupPath(PIDS, docker().session.name, id);
      expect(existsSync(path)).toBe(true);
    });
    expect(existsSync(path)).toBe(false);
  });

  whole("--ulimit, --shm-size, --oom-score-adj", async () => {
    const flags = ["--ulimit", "nofile=512:1024", "--shm-size", "2m", "--oom-score-adj", "100"];
    const script = "ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1 | awk '{ print $2 }'; cat /proc/self/oom_score_adj";
    expect(await docker().sh(script, ...flags)).toBe("512\n1024\n2048\n100");
  });
});

describe("file systems", () => {
  quick("a folder as volume, and read-only", async () => {
    const folder = docker().session.file("volume");
    await docker().session.sh(`mkdir ${folder}`);
    const script = "echo in > /data/file; touch /ro/other 2>&1; cat /ro/file";
    const printed = await docker().sh(script, "-v", `${folder}:/data`, "-v", `${folder}:/ro:ro`);
    expect(printed).toBe("touch: /ro/other: Read-only file system\nin");
    expect(await docker().session.sh(`cat ${folder}/file`)).toBe("in");
  });

  whole("a named volume outlives its container", async () => {
    await docker().ok(["volume", "create", "kept"]);
    await docker().sh("echo first > /data/file", "-v", "kept:/data");
    expect(await docker().sh("cat /data/file", "--mount", "type=volume,src=kept,dst=/data,readonly")).toBe("first");
    await docker().ok(["volume", "rm", "kept"]);
  });

  quick("--read-only with --tmpfs", async () => {
    const script = "touch /file 2>&1; touch /run/file && ls /run; df -k /run | tail -1 | awk '{ print $2 }'";
    const printed = await docker().sh(script, "--read-only", "--tmpfs", "/run:size=1m");
    expect(printed).toBe("touch: /file: Read-only file system\nfile\n1024");
  });

  const spare = ["/dev/fuse", "/dev/loop-control", "/dev/net/tun"].find((path) => existsSync(path));
  when(spare !== undefined, "no device to spare")("--device, with and without the right to write", async () => {
    const script = "(exec 3< /dev/nothing) && echo readable; (exec 3> /dev/nothing) && echo writable; true";
    const flags = (access: string) => ["--device", `${spare}:/dev/nothing:${access}`];
    expect(await docker().sh(script, ...flags("r"))).toBe("readable");
    expect(await docker().sh(script, ...flags("rw"))).toBe("readable\nwritable");
  });

  whole("--volumes-from another container", async () => {
    await docker().start("source", ["sleep", "1000"], "-v", "/shared");
    await docker().ok(["exec", "source", "sh", "-c", "echo from > /shared/file"]);
    expect(await docker().sh("cat /shared/file", "--volumes-from", "source")).toBe("from");
    await docker().ok(["rm", "-f", "-v", "source"]);
  });
});

describe("networks", () => {
  const interfaces = "ls /sys/class/net";

  quick("none, bridge and host", async () => {
    expect(await docker().sh(interfaces)).toBe("lo");
    expect((await docker().ok(["run", "--rm", "box", "sh", "-c", interfaces])).split(/\s+/)).toEqual(["eth0", "lo"]);
    const host = await docker().ok(["run", "--rm", "--net", "host", "box", "readlink", "/proc/self/ns/net"]);
    expect(host).toBe(await docker().session.sh("readlink /proc/self/ns/net"));
  });

  quick("container:NAME joins its network", async () => {
    const show = ["ip", "-4", "-o", "addr", "show", "eth0"];
    await docker().ok(["run", "-d", "--name", "first", "box", "sleep", "1000"]);
    const first = await docker().ok(["exec", "first", ...show]);
    expect(first).toContain("inet 172.");
    expect(await docker().ok(["run", "--rm", "--net", "container:first", "box", ...show])).toBe(first);
    await docker().ok(["rm", "-f", "first"]);
  });

  /** What answers at port 4000 of the session. */
  const answer = (): Promise<string> =>
    until(
      "an answer at port 4000",
      async () => {
        const outcome = await docker().session.exec(["busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:4000/"]);
        return outcome.code === 0 ? outcome.stdout.trim() : undefined;
      },
      30_000,
    );

  quick("-p 4000:80 leads to a web server", async () => {
    const script = "mkdir /www && echo hello > /www/index.html && exec httpd -f -p 80 -h /www";
    await docker().ok(["run", "-d", "--name", "web", "-p", "127.0.0.1:4000:80", "box", "sh", "-c", script]);
    expect(await answer()).toBe("hello");
    await docker().ok(["rm", "-f", "web"]);
  });

  when(program("mmdebstrap") !== undefined, "mmdebstrap not installed")(
    "-p 4000:80 leads to a Flask app",
    async () => {
      const app = [
        "from flask import Flask",
        "app = Flask(__name__)",
        "app.add_url_rule('/', 'hello', lambda: 'Hello World')",
        "app.run(host='0.0.0.0', port=80)",
      ];
      const tar = docker().session.file("debian.tar");
      await docker().session.sh(`tar -C ${await debianRootfs()} -cf ${tar} .`, { timeout: 120_000 });
      await docker().ok(["import", tar, "debian"], { timeout: 120_000 });
      const flags = ["--name", "flask", "-p", "127.0.0.1:4000:80"];
      await docker().ok(["run", "-d", ...flags, "debian", "python3", "-c", app.join("\n")], { timeout: 120_000 });
      expect(await answer()).toBe("Hello World");
      await docker().ok(["rm", "-f", "flask"]);
    },
    300_000,
  );

  whole("--sysctl, --add-host, --dns", async () => {
    const flags = [
      "--sysctl",
      "net.ipv4.ip_unprivileged_port_start=80",
      "--add-host",
      "one:10.1.1.1",
      "--dns",
      "10.2.2.2",
    ];
    const script = "cat /proc/sys/net/ipv4/ip_unprivileged_port_start; grep one /etc/hosts; grep name /etc/resolv.conf";
    const printed = await docker().ok(["run", "--rm", ...flags, "box", "sh", "-c", script]);
    expect(printed).toBe("80\n10.1.1.1\tone\nnameserver 10.2.2.2");
  });
});

describe("security and namespaces", () => {
  const shown = "grep -E 'Cap(Eff|Bnd)' /proc/self/status";

  quick("--cap-drop ALL, --cap-add", async () => {
    expect(await docker().sh(shown, "--cap-drop", "ALL")).toMatch(/^CapEff:\s+0{16}\nCapBnd:\s+0{16}$/);
    const one = await docker().sh(shown, "--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE");
    expect(one).toMatch(/^CapEff:\s+0{13}400\nCapBnd:\s+0{13}400$/);
  });

  whole("--security-opt no-new-privileges, seccomp=unconfined and a profile", async () => {
    const flags = "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | awk '{ print $2 }'";
    expect(await docker().sh(flags, "--security-opt", "no-new-privileges")).toBe("1\n2");
    expect(await docker().sh(flags, "--security-opt", "seccomp=unconfined")).toBe("0\n0");
    const rule = { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", args: [] };
    const profile = docker().session.file(
      "profile.json",
      JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [rule] }),
    );
    expect(await docker().sh("mkdir /one 2>&1 || true", "--security-opt", `seccomp=${profile}`)).toContain(
      "Operation not permitted",
    );
  });

  whole("--ipc, --pid and --uts host", async () => {
    const kinds = ["ipc", "pid", "uts"];
    const script = kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join("; ");
    const host = await docker().session.sh(script);
    const flags = kinds.flatMap((kind) => [`--${kind}`, "host"]);
    expect(await docker().sh(script, ...flags)).toBe(host);
    const own = (await docker().sh(script)).split("\n");
    for (const [index, namespace] of host.split("\n").entries()) expect(own[index]).not.toBe(namespace);
  });

  whole("--pid container:NAME sees its processes", async () => {
    await docker().start("seen", ["sleep", "1234"]);
    expect(await docker().sh("ps", "--pid", "container:seen")).toContain("sleep 1234");
    await docker().ok(["rm", "-f", "seen"]);
  });

  whole("--ipc shareable and container:NAME", async () => {
    await docker().start("sharing", ["sh", "-c", "echo there > /dev/shm/file; sleep 1000"], "--ipc", "shareable");
    const read = () => docker().run(["exec", "sharing", "cat", "/dev/shm/file"]);
    await until("the file", async () => ((await read()).code === 0 ? true : undefined));
    expect(await docker().sh("cat /dev/shm/file", "--ipc", "container:sharing")).toBe("there");
    await docker().ok(["rm", "-f", "sharing"]);
  });

  whole("--group-add, --user with a name", async () => {
    expect(await docker().sh("id -G; id -un", "--user", "user", "--group-add", "5")).toBe("1000 5\nuser");
  });

  whole("/proc and /sys are masked and read-only", async () => {
    const script = "cat /proc/kcore | wc -c; touch /proc/sys/kernel/domainname 2>&1; touch /sys/file 2>&1; true";
    const printed = await docker().sh(script);
    expect(printed.split("\n")[0]).toBe("0");
    expect(printed.match(/Read-only file system/g)).toHaveLength(2);
  });

  when(isTsrun || haveSysResource(), NO_RESOURCE)("--privileged has every capability and device", async () => {
    const status = await docker().sh("ls /dev/kmsg; cat /proc/self/status", "--privileged");
    const host = await docker().session.sh("cat /proc/self/status");
    expect(status.split("\n")[0]).toBe("/dev/kmsg");
    expect(capabilities(status, "CapEff")).toBe(capabilities(host, "CapBnd"));
  });
});

describe("afterwards", () => {
  quick("nothing is left behind", async () => {
    await until("nothing left", async () => ((await docker().remains()).length === 0 ? true : undefined)).catch(
      () => undefined,
    );
    expect(await docker().remains()).toEqual([]);
  });
});
