/** ctr and containerd's stock shim, which call the runtime under test in place of runc. */

import { readFileSync } from "node:fs";
import { describe, expect } from "@jest/globals";
import { pause, until } from "../../bundles/command.ts";
import { brief, type CgroupFile, isV2, lane, useClient } from "../support/clients.ts";
import { CTR_NEEDS, Ctr } from "../support/ctr.ts";

const { quick, whole } = lane(CTR_NEEDS);
const ctr = useClient(CTR_NEEDS, Ctr.open);

const MEMORY: CgroupFile = { v1: ["memory", "memory.limit_in_bytes"], v2: "memory.max" };
const QUOTA: CgroupFile = { v1: ["cpu", "cpu.cfs_quota_us"], v2: "cpu.max" };
const SHARES: CgroupFile = { v1: ["cpu", "cpu.shares"], v2: "cpu.weight" };
const MIB = 1024 * 1024;
const value = (v1: number | string, v2: number | string): string => `${isV2 ? v2 : v1}`;

/** Starts a container, passes its name to `use`, and removes it. */
async function started(command: readonly string[], flags: readonly string[], use: (name: string) => Promise<void>) {
  const name = await ctr().start(command, ...flags);
  try {
    await use(name);
  } finally {
    await ctr().remove(name);
  }
}

const SLEEP = ["sleep", "1000"];

describe("ctr run", () => {
  quick("prints what the command prints, and passes its exit code on", async () => {
    const outcome = await ctr().box(["sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(brief(outcome)).toMatchObject({ code: 7, stdout: "out" });
    expect(outcome.stderr).toContain("err\n");
  });

  quick("says what is wrong with a command that can't be executed", async () => {
    const outcome = await ctr().box(["no-such-command"]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("executable file not found");
  });

  quick("-t gives a terminal", async () => {
    const script = "tty; sleep 1; stty size";
    const args = ["run", "--rm", "-t", ...ctr().runner, ctr().unique(), "sh", "-c", script];
    const outcome = await ctr().terminal(args);
    expect(outcome.stdout.split(/\s*\r\n/).slice(0, 2)).toEqual(["/dev/pts/0", "31 77"]);
  });

  quick("passes standard input on", async () => {
    // ctr 1.6 never closes a standard input that ends before the task is there.
    const script = `(echo hello; sleep 2) | ${ctr().shell} run --rm ${ctr().runner.join(" ")} ${ctr().unique()} cat`;
    expect(await ctr().session.sh(script)).toBe("hello");
  });

  whole("--memory-limit, --cpus, --cpu-shares", () =>
    started(SLEEP, ["--memory-limit", `${100 * MIB}`, "--cpus", "0.5", "--cpu-shares", "512"], async (name) => {
      expect(ctr().cgroup(name, MEMORY)).toBe(`${100 * MIB}`);
      expect(ctr().cgroup(name, QUOTA)).toBe(value(50000, "50000 100000"));
      expect(ctr().cgroup(name, SHARES)).toBe(value(512, 20));
    }),
  );

  whole("--read-only, --mount, --cwd, --env, --seccomp, capabilities", async () => {
    const mount = `type=bind,src=${ctr().session.file("")},dst=/mnt,options=rbind:ro`;
    const flags = ["--read-only", "--mount", mount, "--cwd", "/tmp", "--env", "COLOUR=blue", "--seccomp"];
    const script = "touch /file 2>&1; ls /mnt/containerd.toml; pwd; echo $COLOUR; grep Seccomp: /proc/self/status";
    const outcome = await ctr().box(["sh", "-c", script], [...flags, "--cap-drop", "CAP_MKNOD"]);
    expect(brief(outcome).stdout.split("\n")).toEqual([
      "touch: /file: Read-only file system",
      "/mnt/containerd.toml",
      "/tmp",
      "blue",
      "Seccomp:\t2",
    ]);
  });

  whole("--net-host", async () => {
    const outcome = await ctr().box(["readlink", "/proc/self/ns/net"], ["--net-host"]);
    expect(brief(outcome).stdout).toBe(await ctr().session.sh("readlink /proc/self/ns/net"));
  });

  quick("five at once", async () => {
    const names = ["1", "2", "3", "4", "5"];
    const outcomes = await Promise.all(names.map((name) => ctr().box(["echo", name])));
    expect(outcomes.map((outcome) => outcome.stdout.trim())).toEqual(names);
  });
});

describe("ctr task", () => {
  quick("exec passes output and exit code on", () =>
    started(SLEEP, [], async (name) => {
      const outcome = await ctr().exec(name, ["sh", "-c", "echo out; exit 3"]);
      expect(brief(outcome)).toMatchObject({ code: 3, stdout: "out" });
    }),
  );

  whole("exec: 20 in a row, 8 at once", () =>
    started(SLEEP, [], async (name) => {
      for (let number = 0; number < 20; number += 1) {
        expect(brief(await ctr().exec(name, ["echo", `${number}`])).stdout).toBe(`${number}`);
      }
      const numbers = Array.from({ length: 8 }, (_, index) => `${index}`);
      const outcomes = await Promise.all(numbers.map((number) => ctr().exec(name, ["echo", number])));
      expect(outcomes.map((outcome) => outcome.stdout.trim())).toEqual(numbers);
      expect((await ctr().ok(["task", "ps", name])).split("\n")).toHaveLength(2);
    }),
  );

  quick("exec -t gives a terminal; exec passes standard input on", () =>
    started(SLEEP, [], async (name) => {
      const flags = ["--exec-id", ctr().unique()];
      const outcome = await ctr().terminal([
        "task",
        "exec",
        "-t",
        ...flags,
        name,
        "sh",
        "-c",
        "tty; sleep 1; stty size",
      ]);
      expect(outcome.stdout.split(/\s*\r\n/).slice(0, 2)).toEqual(["/dev/pts/0", "31 77"]);
      const script = `(echo hello; sleep 2) | ${ctr().shell} task exec --exec-id ${ctr().unique()} ${name} cat`;
      expect(await ctr().session.sh(script)).toBe("hello");
    }),
  );

  whole("exec --user, --cwd", () =>
    started(SLEEP, [], async (name) => {
      const outcome = await ctr().exec(name, ["sh", "-c", "id -u; pwd"], ["--user", "1000", "--cwd", "/tmp"]);
      expect(brief(outcome).stdout).toBe("1000\n/tmp");
    }),
  );

  quick("pause and resume", async () => {
    const file = ctr().session.file("ticks", "");
    const mount = ["--mount", `type=bind,src=${file},dst=/ticks,options=rbind:rw`];
    await started(["sh", "-c", "while :; do date >> /ticks; sleep 0.1; done"], mount, async (name) => {
      const size = () => readFileSync(file).length;
      await until("a tick", () => (size() > 0 ? true : undefined));
      await ctr().ok(["task", "pause", name]);
      expect(await ctr().status(name)).toBe("PAUSED");
      const before = size();
      await pause(400);
      expect(size()).toBe(before);
      await ctr().ok(["task", "resume", name]);
      await until("another tick", () => (size() > before ? true : undefined));
    });
  });

  quick("metrics and ps", () =>
    started(["sh", "-c", "sleep 1000 & wait"], [], async (name) => {
      const metrics = JSON.parse(await ctr().ok(["task", "metrics", "--format", "json", name]));
      const usage = isV2 ? metrics.memory?.usage : metrics.memory?.usage?.usage;
      expect(Number(usage)).toBeGreaterThan(0);
      expect(Number(metrics.pids?.current)).toBe(2);
      expect((await ctr().ok(["task", "ps", name])).split("\n")).toHaveLength(3);
    }),
  );

  quick("kill sends the signal", async () => {
    const name = ctr().unique();
    const script = "trap 'exit 5' USR1; echo set; while :; do sleep 0.1; done";
    const ended = ctr().run(["run", "--rm", ...ctr().runner, name, "sh", "-c", script]);
    await ctr().reaches(name, "RUNNING");
    await pause(500);
    await ctr().ok(["task", "kill", "-s", "SIGUSR1", name]);
    expect(brief(await ended)).toMatchObject({ code: 5, stdout: "set" });
  });

  quick("kill -a kills every process", () =>
    started(["sh", "-c", "sleep 1001 & sleep 1002 & wait"], [], async (name) => {
      await until("three processes", async () =>
        (await ctr().ok(["task", "ps", name])).split("\n").length === 4 ? true : undefined,
      );
      await ctr().ok(["task", "kill", "-a", "-s", "SIGKILL", name]);
      await ctr().reaches(name, "STOPPED");
      expect(await ctr().session.processes("sleep 100")).toEqual([]);
    }),
  );
});

describe("events", () => {
  /** The topics of the events that come until `last` does, while `act` runs. */
  async function topics(last: string, act: () => Promise<unknown>): Promise<string[]> {
    const log = ctr().session.file(`${ctr().unique()}.events`, "");
    const script = `${ctr().shell} events > ${log} & echo $!`;
    const pid = await ctr().session.sh(script.replace("&", "2>&1 < /dev/null &"));
    await pause(500);
    await act();
    const all = (): readonly string[] => readFileSync(log, "utf8").match(/ \/tasks\/\S+/g) ?? [];
    const found = await until(last, () => (all().includes(` ${last}`) ? all() : undefined)).finally(() =>
      ctr().session.exec(["kill", pid]),
    );
    return found.map((topic) => topic.trim());
  }

  quick("a task's life is told", async () => {
    const told = await topics("/tasks/delete", () => ctr().box(["true"]));
    expect(told).toEqual(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]);
  });

  whole("running out of memory is told", async () => {
    const script = "sleep 1; tail /dev/zero; code=$?; sleep 1; exit $code";
    const flags = ["--memory-limit", `${20 * MIB}`];
    const told = await topics("/tasks/oom", () => ctr().box(["sh", "-c", script], flags));
    expect(told).toContain("/tasks/oom");
  });
});

describe("what goes wrong", () => {
  whole("containerd ends and comes back: the task has gone on", async () => {
    await started(SLEEP, [], async (name) => {
      const pid = await ctr().pid(name);
      await ctr().stopDaemon("KILL");
      await ctr().startDaemon();
      expect(await ctr().status(name)).toBe("RUNNING");
      expect(await ctr().pid(name)).toBe(pid);
      expect(brief(await ctr().exec(name, ["echo", "still"])).stdout).toBe("still");
    });
  });

  whole("a shim that is killed takes its container with it", async () => {
    const name = await ctr().start();
    const [line] = await ctr().session.processes(`-id ${name} `);
    await ctr().session.exec(["kill", "-KILL", `${line}`.trim().split(" ")[0] ?? ""]);
    await ctr().reaches(name, undefined);
    await until("no process", async () =>
      (await ctr().session.processes("sleep 1000")).length === 0 ? true : undefined,
    );
    await ctr().ok(["container", "delete", name]);
  });
});

describe("afterwards", () => {
  quick("nothing is left behind", async () => {
    const end = until("nothing left", async () => ((await ctr().remains()).length === 0 ? true : undefined));
    await end.catch(() => undefined);
    expect(await ctr().remains()).toEqual([]);
  });
});
