/** Scheduler, I/O priority, CPUs, memory nodes and execution domain, as the kernel tells them of the running program. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { output, succeeded, until } from "../../bundles/command.ts";
import type { Config } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, unlessPeer, when } from "../support/runtime.ts";

const box = useBox();
const tsrunOnly = unlessPeer(["runc", "crun"], "this version does not know the property");
const CPUS = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
const severalCpus = CPUS !== "0";
const hasNuma = readFileSync("/proc/self/numa_maps", { encoding: "utf8", flag: "r" }).length > 0;

/** A started container whose program sleeps, with its pid on the host. */
async function sleeper(change: (config: Config) => void): Promise<{ container: Container; pid: number }> {
  const container = await box.container((config) => {
    config.process.args = ["sleep", "1000"];
    change(config);
  });
  await container.launch();
  return { container, pid: (await container.state()).pid };
}

/** What chrt says of a process: policy and priority. */
async function scheduling(pid: number): Promise<string> {
  const said = (await output("chrt", ["-p", `${pid}`])).matchAll(/scheduling (policy|priority): (\S+)/g);
  return [...said].map((match) => match[2]).join(" ");
}

/** On v1 with group scheduling a cgroup has no real-time bandwidth of its own. */
function allowRealTime(c: Config): void {
  if (existsSync("/sys/fs/cgroup/cpu/cpu.rt_runtime_us")) c.linux.resources.cpu = { realtimeRuntime: 10_000 };
}

const nice = (pid: number): number => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[16]);

tsrunOnly("a policy of ordinary scheduling, with its nice value", async () => {
  const { pid } = await sleeper((c) => {
    c.process.scheduler = { policy: "SCHED_BATCH", nice: 7 };
  });
  expect([await scheduling(pid), nice(pid)]).toEqual(["SCHED_BATCH 0", 7]);
});

tsrunOnly("a real-time policy, kept from the program's children by its flag", async () => {
  const { pid } = await sleeper((c) => {
    allowRealTime(c);
    c.process.scheduler = { policy: "SCHED_FIFO", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"] };
    c.process.args = ["sh", "-c", "sleep 1000 & wait"];
  });
  expect(await scheduling(pid)).toBe("SCHED_FIFO|SCHED_RESET_ON_FORK 3");
  const child = await until("a child", async () => {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim() || undefined;
  });
  expect(await scheduling(Number(child))).toBe("SCHED_OTHER 0");
});

tsrunOnly("deadline scheduling with its three times", async () => {
  const { pid } = await sleeper((c) => {
    c.process.scheduler = { policy: "SCHED_DEADLINE", runtime: 1_000_000, deadline: 5_000_000, period: 10_000_000 };
  });
  expect(await output("chrt", ["-p", `${pid}`])).toMatch(/SCHED_DEADLINE[\s\S]*: 1000000\/5000000\/10000000/);
});

tsrunOnly("a scheduler that the kernel refuses is an error with its pointer", async () => {
  const outcome = await box.run((c) => {
    c.process.scheduler = { policy: "SCHED_DEADLINE", runtime: 1, deadline: 2, period: 2 };
  });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(
    "set scheduler SCHED_DEADLINE 1/2/2 ns: invalid argument (config.json /process/scheduler)",
  );
});

tsrunOnly("an I/O priority", async () => {
  const { pid } = await sleeper((c) => {
    c.process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 };
  });
  expect((await output("ionice", ["-p", `${pid}`])).trim()).toBe("best-effort: prio 6");
});

tsrunOnly("both in a user namespace, where only the parent may", async () => {
  const { pid } = await sleeper((c) => {
    c.linux.namespaces.push({ type: "user" });
    c.linux.uidMappings = c.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    allowRealTime(c);
    c.process.scheduler = { policy: "SCHED_RR", priority: 2 };
    c.process.ioPriority = { class: "IOPRIO_CLASS_RT", priority: 1 };
  });
  expect(await scheduling(pid)).toBe("SCHED_RR 2");
  expect((await output("ionice", ["-p", `${pid}`])).trim()).toBe("realtime: prio 1");
});

unlessPeer(["runc"], "1.1.5 ignores it")("LINUX32 shows a 32-bit machine, to exec too", async () => {
  const { container } = await sleeper((c) => {
    c.linux.personality = { domain: "LINUX32" };
  });
  expect(succeeded(await container.exec(["uname", "-m"])).stdout.trim()).toBe("i686");
  const linux = await box.sh("uname -m", (c) => {
    c.linux.personality = { domain: "LINUX" };
  });
  expect(linux).toBe(process.arch === "x64" ? "x86_64" : "aarch64");
});

/** The policy of the program's stack, as numa_maps has it. */
const policyOf = (pid: number): string | undefined =>
  /^\S+ (\S+) .*(?:heap|stack)/m.exec(readFileSync(`/proc/${pid}/numa_maps`, "utf8"))?.[1];

when(isTsrun && hasNuma, "no NUMA in this kernel, or a runtime that does not know it")(
  "memory policies, with nodes and without",
  async () => {
    const policies: [NonNullable<Config["linux"]["memoryPolicy"]>, string][] = [
      [{ mode: "MPOL_BIND", nodes: "0" }, "bind:0"],
      [{ mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] }, "bind=static:0"],
      [{ mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_RELATIVE_NODES"] }, "interleave=relative:0"],
      [{ mode: "MPOL_PREFERRED", nodes: "0" }, "prefer:0"],
      [{ mode: "MPOL_PREFERRED", nodes: "" }, "local"],
      [{ mode: "MPOL_LOCAL" }, "local"],
      [{ mode: "MPOL_DEFAULT" }, "default"],
    ];
    for (const [memoryPolicy, expected] of policies) {
      const { pid, container } = await sleeper((c) => {
        c.linux.memoryPolicy = memoryPolicy;
      });
      expect([memoryPolicy, policyOf(pid)]).toEqual([memoryPolicy, expected]);
      await container.delete(["--force"]);
    }
  },
);

when(isTsrun && hasNuma, "no NUMA in this kernel, or a runtime that does not know it")(
  "a memory policy holds for exec, and nodes that are not there are an error",
  async () => {
    const { container } = await sleeper((c) => {
      c.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "0" };
    });
    const said = succeeded(await container.exec(["cat", "/proc/self/numa_maps"])).stdout;
    expect(said).toContain(" bind:0 ");
    const outcome = await box.run((c) => {
      c.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "63" };
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("set memory policy MPOL_BIND on nodes 63: invalid argument");
    expect(outcome.stderr).toContain("(config.json /linux/memoryPolicy)");
  },
);

when(isTsrun && severalCpus, "one CPU only, or a runtime that does not know it")(
  "exec runs on the CPUs of the config",
  async () => {
    const last = CPUS.split(/[,-]/).at(-1) as string;
    const { container } = await sleeper((c) => {
      c.process.execCPUAffinity = { initial: last, final: "0" };
    });
    const cpus = async (flags: readonly string[] = []): Promise<string> =>
      succeeded(await container.exec(["sh", "-c", "grep Cpus_allowed_list /proc/self/status"], flags)).stdout;
    expect(await cpus()).toMatch(/:\s*0\n/);
    const path = join(container.bundle, "process.json");
    const base = { user: { uid: 0, gid: 0 }, cwd: "/", env: ["PATH=/bin"] };
    const run = async (execCPUAffinity: object): Promise<string> => {
      const args = ["grep", "Cpus_allowed_list", "/proc/self/status"];
      writeFileSync(path, JSON.stringify({ ...base, args, execCPUAffinity }));
      return succeeded(await box.session.call(["exec", "--process", path, container.id])).stdout;
    };
    expect(await run({ final: last })).toMatch(new RegExp(`:\\s*${last}\\n`));
    const outcome = await box.session.call(["exec", "--process", path, container.id]);
    expect(outcome.code).toBe(0);
  },
);

tsrunOnly("CPUs that are not there are an error with their pointer", async () => {
  const { container } = await sleeper((c) => {
    c.process.execCPUAffinity = { final: "4095" };
  });
  const outcome = await container.exec(["true"]);
  expect(outcome.code).toBe(255);
  expect(outcome.stderr).toContain(
    "run on cpus 4095: invalid argument: none of these CPUs is online and allowed here (config.json /process/execCPUAffinity/final)",
  );
});

test("the container's init runs where it is put by its cgroup, whatever exec is to do", async () => {
  const change = (c: Config): void => {
    c.process.execCPUAffinity = { initial: "0", final: "0" };
  };
  expect(await box.sh("grep Cpus_allowed_list /proc/self/status | cut -f2", change)).toBe(CPUS);
});
