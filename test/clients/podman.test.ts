/** podman's commands and flags; buildah run. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { pause, until } from "../../bundles/command.ts";
import { CGROUP_ROOT } from "../support/cgroup.ts";
import { brief, type CgroupFile, isV2, lane, program, useClient } from "../support/clients.ts";
import { TSRUN } from "../support/paths.ts";
import { PODMAN_NEEDS, Podman } from "../support/podman.ts";

const { quick, whole, when } = lane(PODMAN_NEEDS);
const podman = useClient(PODMAN_NEEDS, Podman.open);

const MEMORY: CgroupFile = { v1: ["memory", "memory.limit_in_bytes"], v2: "memory.max" };
const SWAP: CgroupFile = { v1: ["memory", "memory.memsw.limit_in_bytes"], v2: "memory.swap.max" };
const QUOTA: CgroupFile = { v1: ["cpu", "cpu.cfs_quota_us"], v2: "cpu.max" };
const SHARES: CgroupFile = { v1: ["cpu", "cpu.shares"], v2: "cpu.weight" };
const CPUS: CgroupFile = { v1: ["cpuset", "cpuset.cpus"], v2: "cpuset.cpus" };
const PIDS: CgroupFile = { v1: ["pids", "pids.max"], v2: "pids.max" };
const MIB = 1024 * 1024;
const haveSwap = isV2 || existsSync(join(CGROUP_ROOT, ...SWAP.v1));
const value = (v1: number | string, v2: number | string): string => `${isV2 ? v2 : v1}`;

const status = (name: string): Promise<unknown> => podman().inspect(name, "State.Status");

/** What `podman logs` has, once it has `text`. */
const logged = (name: string, text: string): Promise<string> =>
  until(`${text} in the log of ${name}`, async () => {
    const { stdout, stderr } = await podman().run(["logs", name]);
    return `${stdout}${stderr}`.includes(text) ? `${stdout}${stderr}` : undefined;
  });

describe("podman run", () => {
  quick("prints what the command prints, and passes its exit code on", async () => {
    const outcome = await podman().box(["box", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(brief(outcome)).toEqual({ code: 7, stdout: "out", stderr: "err" });
  });

  quick("ends with 127 and 126 for what can't be executed", async () => {
    expect((await podman().box(["box", "no-such-command"])).code).toBe(127);
    expect((await podman().box(["box", "/etc/passwd"])).code).toBe(126);
  });

  quick("-i passes standard input on, to its end", async () => {
    const outcome = await podman().box(["-i", "box", "cat"], { input: "one\ntwo\n" });
    expect(brief(outcome)).toEqual({ code: 0, stdout: "one\ntwo", stderr: "" });
  });

  quick("-it gives a terminal of the caller's size", async () => {
    const flags = ["run", "--rm", "-it", ...podman().own];
    const outcome = await podman().terminal([...flags, "box", "sh", "-c", "tty; sleep 1; stty size"]);
    expect(outcome.stdout.split("\r\n").slice(0, 2)).toEqual(["/dev/pts/0", "31 77"]);
  });

  whole("-w, -u, -e, -h, --group-add: folder, user, environment, host name, groups", async () => {
    const flags = ["-w", "/tmp", "-u", "1000:1000", "-e", "COLOUR=blue", "-h", "web", "--group-add", "5"];
    expect(await podman().sh("pwd; id -u; id -G; echo $COLOUR; hostname", ...flags)).toBe(
      ["/tmp", "1000", "1000 5", "blue", "web"].join("\n"),
    );
  });

  const init = ["catatonit", "docker-init", "tini-static"].map(program).find((path) => path !== undefined);
  when(init !== undefined, "no small init installed")("--init", async () => {
    expect(await podman().sh("cat /proc/1/cmdline", "--init", "--init-path", `${init}`)).toMatch(/init/);
  });

  quick("five at once", async () => {
    const names = ["1", "2", "3", "4", "5"];
    expect(await Promise.all(names.map((name) => podman().sh(`echo ${name}`)))).toEqual(names);
  });
});

describe("podman exec", () => {
  quick("runs a command and passes its exit code on", async () => {
    await podman().start("exec");
    const outcome = await podman().run(["exec", "exec", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(brief(outcome)).toEqual({ code: 3, stdout: "out", stderr: "err" });
  });

  quick("-u, -w, -e: user, folder and environment", async () => {
    const flags = ["-u", "1000:1000", "-w", "/tmp", "-e", "COLOUR=blue"];
    const printed = await podman().ok(["exec", ...flags, "exec", "sh", "-c", "id -u; id -g; pwd; echo $COLOUR"]);
    expect(printed).toBe("1000\n1000\n/tmp\nblue");
  });

  quick("-i passes standard input on, -it gives a terminal", async () => {
    expect(await podman().ok(["exec", "-i", "exec", "cat"], { input: "hello\n" })).toBe("hello");
    expect(brief(await podman().terminal(["exec", "-it", "exec", "tty"]))).toMatchObject({
      code: 0,
      stdout: "/dev/pts/0",
    });
  });

  quick("ends with 127 and 126 for what can't be executed", async () => {
    expect((await podman().run(["exec", "exec", "no-such-command"])).code).toBe(127);
    expect((await podman().run(["exec", "exec", "/etc/passwd"])).code).toBe(126);
  });

  whole("-d runs in the background", async () => {
    await podman().ok(["exec", "-d", "exec", "touch", "/tmp/detached"]);
    await until("the command's file", async () =>
      (await podman().run(["exec", "exec", "ls", "/tmp/detached"])).code === 0 ? true : undefined,
    );
  });

  whole("--preserve-fds hands descriptors on", async () => {
    const script = `echo given | { exec 3<&0; ${podman().shell} exec --preserve-fds 1 exec sh -c 'cat <&3'; }`;
    expect(await podman().session.sh(script)).toBe("given");
  });
});

describe("podman's other commands", () => {
  quick("top, logs, ps", async () => {
    expect(await podman().ok(["top", "exec", "pid", "args"])).toMatch(/1\s+sleep 1000/);
    await podman().start("logs", ["sh", "-c", "echo out; echo err >&2"]);
    expect((await logged("logs", "err")).split("\n").sort()).toEqual(["", "err", "out"]);
    expect(await podman().ok(["ps", "--format", "{{.Names}}"])).toBe("exec");
  });

  whole("stats has a line of the container", async () => {
    const printed = await podman().ok(["stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "exec"]);
    expect(printed).toBe("exec 1");
  });

  quick("pause stops the container, unpause lets it go on", async () => {
    await podman().start("pause", ["sh", "-c", "while :; do date; sleep 0.1; done"]);
    await podman().ok(["pause", "pause"]);
    expect(await status("pause")).toBe("paused");
    const before = await podman().ok(["logs", "pause"]);
    await pause(400);
    expect(await podman().ok(["logs", "pause"])).toBe(before);
    await podman().ok(["unpause", "pause"]);
    await until("more lines", async () =>
      (await podman().ok(["logs", "pause"])).length > before.length ? true : undefined,
    );
    await podman().ok(["rm", "-f", "-t", "0", "pause"]);
  });

  quick("kill -s sends the signal, stop sends SIGTERM", async () => {
    const script = "trap 'exit 5' USR1; trap 'exit 6' TERM; echo set; while :; do sleep 0.1; done";
    await podman().start("signals", ["sh", "-c", script]);
    await logged("signals", "set");
    await podman().ok(["kill", "-s", "USR1", "signals"]);
    expect(await podman().ok(["wait", "signals"])).toBe("5");
    await podman().ok(["start", "signals"]);
    await until("the second start", async () =>
      (await podman().ok(["logs", "signals"])) === "set\nset" ? true : undefined,
    );
    await podman().ok(["stop", "signals"]);
    expect(await podman().inspect("signals", "State.ExitCode")).toBe(6);
  });

  quick("stop -t kills what does not listen; restart runs it again", async () => {
    await podman().start("deaf");
    await podman().ok(["stop", "-t", "1", "deaf"]);
    expect(await podman().inspect("deaf", "State.ExitCode")).toBe(137);
    await podman().ok(["start", "deaf"]);
    const pid = await podman().inspect("deaf", "State.Pid");
    await podman().ok(["restart", "-t", "0", "deaf"]);
    expect(await status("deaf")).toBe("running");
    expect(await podman().inspect("deaf", "State.Pid")).not.toBe(pid);
    await podman().ok(["rm", "-f", "-t", "0", "deaf"]);
  });

  whole("init prepares, start runs", async () => {
    await podman().ok(["create", ...podman().own, "--name", "prepared", "box", "echo", "ran"]);
    await podman().ok(["init", "prepared"]);
    expect(await status("prepared")).toMatch(/^(initialized|created)$/);
    expect(await podman().ok(["start", "-a", "prepared"])).toBe("ran");
  });

  whole("--restart on-failure:2 runs it three times", async () => {
    await podman().start("again", ["sh", "-c", "echo ran; exit 1"], "--restart", "on-failure:2");
    await until("the third end", async () =>
      (await podman().ok(["logs", "again"])) === "ran\nran\nran" ? true : undefined,
    );
  });

  whole("healthcheck run tells how the command ended", async () => {
    const healthy = ["--health-cmd", "test -e /etc/passwd", "--health-interval", "disable"];
    await podman().start("healthy", ["sleep", "1000"], ...healthy);
    expect((await podman().run(["healthcheck", "run", "healthy"])).code).toBe(0);
    await podman().ok(["exec", "healthy", "rm", "/etc/passwd"]);
    expect((await podman().run(["healthcheck", "run", "healthy"])).code).toBe(1);
    await podman().ok(["rm", "-f", "-t", "0", "healthy"]);
  });

  whole("commit, cp, diff", async () => {
    await podman().ok(["exec", "exec", "sh", "-c", "echo kept > /kept"]);
    expect(await podman().ok(["diff", "exec"])).toContain("A /kept");
    await podman().ok(["commit", "-q", "exec", "kept"]);
    expect(brief(await podman().box(["kept", "cat", "/kept"])).stdout).toBe("kept");
    await podman().ok(["cp", podman().session.file("copied", "over there\n"), "exec:/tmp/copied"]);
    expect(await podman().ok(["exec", "exec", "cat", "/tmp/copied"])).toBe("over there");
  });

  whole("attach", async () => {
    await podman().start("attach", ["sh", "-c", "read line; echo got $line; exit 4"], "-i");
    await podman().ok(["attach", "attach"], { input: "words\n" });
    expect(await podman().ok(["wait", "attach"])).toBe("4");
    expect(await logged("attach", "got")).toBe("got words\n");
  });
});

describe("podman's settings", () => {
  /** Starts a container with these flags and passes its id to `look`; the container is removed afterwards. */
  async function started(flags: readonly string[], look: (id: string) => Promise<void>): Promise<void> {
    const id = await podman().start("settings", ["sleep", "1000"], ...flags);
    try {
      await look(id);
    } finally {
      await podman().ok(["rm", "-f", "-t", "0", "settings"]);
    }
  }

  quick("-m, --memory-swap, --cpus, -c, --cpuset-cpus, --pids-limit", () => {
    const cpu = ["--cpus", "0.5", "-c", "512", "--cpuset-cpus", "0"];
    return started(["-m", "100m", "--memory-swap", "150m", ...cpu, "--pids-limit", "64"], async (id) => {
      expect(podman().cgroup(id, MEMORY)).toBe(`${100 * MIB}`);
      if (haveSwap) expect(podman().cgroup(id, SWAP)).toBe(value(150 * MIB, 50 * MIB));
      expect(podman().cgroup(id, QUOTA)).toBe(value(50000, "50000 100000"));
      expect(podman().cgroup(id, SHARES)).toBe(value(512, 20));
      expect(podman().cgroup(id, CPUS)).toBe("0");
      expect(podman().cgroup(id, PIDS)).toBe("64");
    });
  });

  whole("update changes what it names and leaves the rest", () =>
    started(["-m", "100m", "-c", "512"], async (id) => {
      await podman().ok(["update", "--cpus", "0.4", "settings"]);
      expect(podman().cgroup(id, QUOTA)).toBe(value(40000, "40000 100000"));
      expect(podman().cgroup(id, MEMORY)).toBe(`${100 * MIB}`);
    }),
  );

  whole("-m kills what takes more: 137", async () => {
    await podman().start("oom", ["tail", "/dev/zero"], "-m", "20m", "--memory-swap", "20m");
    expect(await podman().ok(["wait", "oom"])).toBe("137");
  });

  whole("volumes: a folder, a named one, tmpfs, read-only", async () => {
    const folder = podman().session.file("volume");
    await podman().session.sh(`mkdir ${folder}`);
    const flags = ["-v", `${folder}:/data`, "-v", "kept:/kept", "--tmpfs", "/run:size=1m", "--read-only"];
    const script = "echo one > /data/file; echo two > /kept/file; touch /run/file; touch /file 2>&1; ls /run";
    expect(await podman().sh(script, ...flags)).toContain("touch: /file: Read-only file system");
    expect(await podman().session.sh(`cat ${folder}/file`)).toBe("one");
    expect(await podman().sh("cat /kept/file", "-v", "kept:/kept:ro")).toBe("two");
  });

  whole("--ulimit, --shm-size, --sysctl", async () => {
    const sysctl = ["--sysctl", "net.ipv4.ip_unprivileged_port_start=80"];
    const flags = ["--ulimit", "nofile=512:1024", "--ulimit", "nproc=512:1024", "--shm-size", "2m", ...sysctl];
    const script = [
      "ulimit -n",
      "ulimit -Hn",
      "df -k /dev/shm | tail -1 | awk '{ print $2 }'",
      "cat /proc/sys/net/ipv4/ip_unprivileged_port_start",
    ];
    expect(await podman().sh(script.join("; "), ...flags)).toBe("512\n1024\n2048\n80");
  });

  whole("--cap-drop, --cap-add, --security-opt", async () => {
    const script = "grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status | awk '{ print $2 }'";
    const dropped = ["--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", "--security-opt", "no-new-privileges"];
    expect(await podman().sh(script, ...dropped)).toMatch(/^0{13}400\n1\n[02]$/);
    expect(await podman().sh(script, "--security-opt", "seccomp=unconfined")).toMatch(/\n0\n0$/);
  });

  whole("--net host; --ipc, --pid, --uts host", async () => {
    const kinds = ["net", "ipc", "pid", "uts"];
    const script = kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join("; ");
    const flags = kinds.flatMap((kind) => [`--${kind}`, "host"]);
    const parent = ["--cgroup-parent", `/${podman().session.name}`];
    const inside = await podman().ok(["run", "--rm", ...parent, ...flags, "box", "sh", "-c", script]);
    expect(inside).toBe(await podman().session.sh(script));
  });

  whole("--net container:NAME", async () => {
    const parent = ["--cgroup-parent", `/${podman().session.name}`];
    const read = ["readlink", "/proc/self/ns/net"];
    const joined = await podman().ok(["run", "--rm", ...parent, "--net", "container:exec", "box", ...read]);
    expect(joined).toBe(await podman().ok(["exec", "exec", ...read]));
  });

  whole("--uidmap, --gidmap: a user namespace", async () => {
    const flags = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"];
    expect(await podman().sh("id -u; awk '{ print $1, $2, $3 }' /proc/self/uid_map", ...flags)).toBe(
      "0\n0 100000 65536",
    );
  });

  whole("--device", async () => {
    expect(await podman().sh("head -c 3 /dev/nothing | wc -c", "--device", "/dev/zero:/dev/nothing:r")).toBe("3");
  });
});

describe("pods", () => {
  whole("containers of a pod share its network, and end with it", async () => {
    const flags = ["--cgroup-parent", `/${podman().session.name}`, "--net", "none"];
    const infra = ["--infra-command", "sleep 1000", "--infra-image", "box"];
    await podman().ok(["pod", "create", ...flags, ...infra, "--name", "group"]);
    await podman().ok([
      "run",
      "-d",
      "--pod",
      "group",
      "--name",
      "one",
      "box",
      "httpd",
      "-f",
      "-p",
      "8080",
      "-h",
      "/etc",
    ]);
    const get = ["wget", "-q", "-O", "-", "http://127.0.0.1:8080/group"];
    const read = () => podman().run(["run", "--rm", "--pod", "group", "box", ...get]);
    const outcome = await until("an answer within the pod", async () => {
      const tried = await read();
      return tried.code === 0 ? tried : undefined;
    });
    expect(outcome.stdout).toContain("root:x:0:");
    await podman().ok(["pod", "stop", "-t", "1", "group"]);
    expect(await status("one")).toBe("exited");
    await podman().ok(["pod", "rm", "-f", "group"]);
  });
});

describe("buildah", () => {
  when(program("buildah") !== undefined, "buildah not installed")("run, with a layer that keeps it", async () => {
    const { session } = podman();
    const flags = `--root ${session.file("podman")} --runroot ${session.file("podman-run")} --storage-driver vfs`;
    const script = [
      `b() { env CONTAINERS_CONF=${session.file("containers.conf")} buildah ${flags} "$@"; }`,
      `w=$(b from --pull-never --cgroup-parent /${session.name}/buildah box)`,
      `r="b run --isolation oci --runtime ${TSRUN} --network none"`,
      "$r $w sh -c 'echo built > /built; id -u'",
      "$r $w cat /built",
      "$r $w sh -c 'exit 9' 2> /dev/null || echo code $?",
      "b rm $w > /dev/null",
    ];
    const printed = await session.sh(`set -e; ${script.join("\n")}`);
    expect(printed).toBe("0\nbuilt\ncode 9");
  });
});

describe("afterwards", () => {
  quick("nothing is left behind", async () => {
    await podman().ok(["rm", "-f", "-t", "0", "-a"]);
    const end = until("nothing left", async () => ((await podman().remains()).length === 0 ? true : undefined));
    await end.catch(() => undefined);
    expect(await podman().remains()).toEqual([]);
  });
});
