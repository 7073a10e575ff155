import { expect, describe as group, test } from "@jest/globals";
import { planExec } from "../../runtime/plan/exec-plan.js";
import type { Step } from "../../runtime/plan/generated/step.js";
import type { Linux, Process, Scheduler } from "../../runtime/spec/generated/types.js";
import { HOST, linesOf, planOf, specWith, withUserNamespace } from "../support/plan.js";

type Named<Name extends Step["step"]> = Extract<Step, { step: Name }>;

function only<Name extends Step["step"]>(steps: readonly Step[], name: Name): Named<Name> {
  const found = steps.filter((step): step is Named<Name> => step.step === name);
  expect(found).toHaveLength(1);
  return found[0] as Named<Name>;
}

const withProcess = (change: Partial<Process>) =>
  planOf(specWith((spec) => void Object.assign(spec.process ?? {}, change)));
const withLinux = (change: Partial<Linux>) => planOf(specWith((spec) => void Object.assign(spec.linux ?? {}, change)));

group("scheduler", () => {
  const scheduler = (value: Scheduler) => only(withProcess({ scheduler: value }).steps, "setScheduler");

  test.each([
    [
      { policy: "SCHED_OTHER", nice: 19 },
      { policy: 0, nice: 19 },
    ],
    [
      { policy: "SCHED_FIFO", priority: 10 },
      { policy: 1, priority: 10 },
    ],
    [
      { policy: "SCHED_RR", priority: 99 },
      { policy: 2, priority: 99 },
    ],
    [
      { policy: "SCHED_BATCH", nice: -3 },
      { policy: 3, nice: -3 },
    ],
    [{ policy: "SCHED_IDLE" }, { policy: 5 }],
  ] as const)("%j", (value, expected) => {
    const zero = { nice: 0, priority: 0, flags: 0n, runtime: 0n, deadline: 0n, period: 0n };
    expect(scheduler(value)).toEqual({
      step: "setScheduler",
      by: "parent",
      from: "/process/scheduler",
      ...zero,
      ...expected,
    });
  });

  test("times are exact beyond what a number holds", () => {
    const step = scheduler({
      policy: "SCHED_DEADLINE",
      runtime: 9007199254740993n,
      deadline: 9007199254740995n,
      period: 9007199254740997n,
    });
    expect([step.runtime, step.deadline, step.period]).toEqual([
      9007199254740993n,
      9007199254740995n,
      9007199254740997n,
    ]);
  });

  test("flags are the kernel's bits", () => {
    const flags = [
      "SCHED_FLAG_RESET_ON_FORK",
      "SCHED_FLAG_RECLAIM",
      "SCHED_FLAG_DL_OVERRUN",
      "SCHED_FLAG_KEEP_POLICY",
      "SCHED_FLAG_KEEP_PARAMS",
      "SCHED_FLAG_UTIL_CLAMP_MIN",
      "SCHED_FLAG_UTIL_CLAMP_MAX",
    ] as const;
    flags.forEach((flag, bit) => {
      expect(scheduler({ policy: "SCHED_OTHER", flags: [flag] }).flags).toBe(1n << BigInt(bit));
    });
  });

  test("deadline scheduling and startContainer hooks don't go together, as init could not start them", () => {
    const planned = (flags: Scheduler["flags"]) =>
      planOf(
        specWith((spec) => {
          const times = { runtime: 1_000_000, deadline: 2_000_000, period: 2_000_000 };
          Object.assign(spec.process ?? {}, { scheduler: { policy: "SCHED_DEADLINE", ...times, flags } });
          spec.hooks = { startContainer: [{ path: "/hook" }] };
        }),
      );
    expect(() => planned([])).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ pointer: "/process/scheduler/flags" }) }),
    );
    expect(() => planned(["SCHED_FLAG_RESET_ON_FORK"])).not.toThrow();
  });
});

group("order", () => {
  const plan = planOf(
    specWith((spec) => {
      Object.assign(spec.process ?? {}, {
        scheduler: { policy: "SCHED_FIFO", priority: 1 },
        ioPriority: { class: "IOPRIO_CLASS_RT", priority: 7 },
      });
      Object.assign(spec.linux ?? {}, {
        memoryPolicy: { mode: "MPOL_BIND", nodes: "0" },
        personality: { domain: "LINUX32" },
        seccomp: { defaultAction: "SCMP_ACT_ALLOW" },
      });
      withUserNamespace(spec);
    }),
  );
  const at = (name: Step["step"]) => plan.steps.findIndex(({ step }) => step === name);

  test("cgroups come before scheduler and memory nodes, the filter after the personality", () => {
    for (const name of ["setScheduler", "setIoPriority", "setMemoryPolicy", "setPersonality"] as const) {
      expect(at(name)).toBeGreaterThan(plan.steps.findLastIndex(({ step }) => step === "joinCgroup"));
      expect(at(name)).toBeLessThan(at("setIds"));
      expect(at(name)).toBeLessThan(at("loadSeccomp"));
    }
  });

  test("what needs privilege is the parent's", () => {
    for (const name of ["setScheduler", "setIoPriority", "setRlimit"] as const) {
      expect(plan.steps[at(name)]?.by).toBe("parent");
    }
  });
});

group("linux section", () => {
  test("memory policy: mode with flags, nodes as words of a mask", () => {
    const step = only(
      withLinux({
        memoryPolicy: {
          mode: "MPOL_INTERLEAVE",
          nodes: "0-3,7,64",
          flags: ["MPOL_F_STATIC_NODES", "MPOL_F_NUMA_BALANCING"],
        },
      }).steps,
      "setMemoryPolicy",
    );
    expect(step.mode).toBe(3 | (1 << 15) | (1 << 13));
    expect([...step.nodes]).toEqual([0x8f, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  test.each(["MPOL_DEFAULT", "MPOL_LOCAL", "MPOL_PREFERRED"] as const)("memory policy %s without nodes", (mode) => {
    expect(only(withLinux({ memoryPolicy: { mode } }).steps, "setMemoryPolicy").nodes).toHaveLength(0);
    expect(only(withLinux({ memoryPolicy: { mode, nodes: "" } }).steps, "setMemoryPolicy").nodes).toHaveLength(0);
  });

  test("personality", () => {
    const persona = (domain: "LINUX" | "LINUX32") =>
      only(withLinux({ personality: { domain } }).steps, "setPersonality").persona;
    expect([persona("LINUX"), persona("LINUX32")]).toEqual([0, 8]);
  });
});

group("exec", () => {
  const target = {
    id: "c1",
    pid: 42,
    namespaces: 0x20020000,
    cgroupJoins: ["/cg/tasks"],
    cgroupInto: "/cg2",
    ownKeyring: false,
    resctrlTasks: ["/sys/fs/resctrl/c1/tasks"],
  };

  test("affinity is set before and after the cgroup is joined, scheduler and memory policy hold for it too", () => {
    const process: Process = {
      cwd: "/",
      args: ["x"],
      execCPUAffinity: { initial: "0-1", final: "1" },
      scheduler: { policy: "SCHED_IDLE" },
      ioPriority: { class: "IOPRIO_CLASS_IDLE", priority: 0 },
    };
    const linux: Linux = { memoryPolicy: { mode: "MPOL_LOCAL" }, personality: { domain: "LINUX32" } };
    expect(linesOf(planExec(process, target, HOST, { preserveFds: 0, pointer: "/process", linux }))).toMatchSnapshot();
  });

  test("an empty list leaves the affinity as it is", () => {
    const process: Process = { cwd: "/", args: ["x"], execCPUAffinity: { initial: "", final: "" } };
    const { steps } = planExec(process, target, HOST, { preserveFds: 0, pointer: "", linux: {} });
    expect(steps.filter(({ step }) => step === "setAffinity")).toEqual([]);
  });

  test("the container's init is not meant", () => {
    expect(withProcess({ execCPUAffinity: { initial: "0", final: "0" } }).steps).not.toContainEqual(
      expect.objectContaining({ step: "setAffinity" }),
    );
  });
});
