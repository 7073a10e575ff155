/** Rules that hold for every plan, whatever the config: the order is what keeps a container safe. */
import { expect, describe as group, test } from "@jest/globals";
import type { Step, StepName } from "../../runtime/plan/generated/step.js";
import type { Plan } from "../../runtime/plan/plan.js";
import type { Spec } from "../../runtime/spec/generated/types.js";
import { HOST, planOf, specWith, UNIFIED, withUserNamespace } from "../support/plan.js";

const hook = [{ path: "/hook" }];
const EVERYTHING: ((spec: Spec) => void)[] = [
  (spec) => {
    spec.hooks = { prestart: hook, createRuntime: hook, createContainer: hook, startContainer: hook };
  },
  (spec) => {
    spec.root = { path: "rootfs", readonly: true };
  },
  (spec) => {
    Object.assign(spec.process ?? {}, { user: { uid: 7, gid: 8 }, oomScoreAdj: -5 });
  },
  (spec) => {
    Object.assign(spec.process ?? {}, { terminal: true });
  },
  (spec) => {
    spec.mounts?.push({ destination: "/data", source: "/data", options: ["rbind"] });
  },
];

/** All subsets of the changes, each with and without a user namespace, on both kinds of host. */
function* plans(): Generator<Plan> {
  for (let subset = 0; subset < 1 << EVERYTHING.length; subset++) {
    for (const user of [false, true]) {
      for (const cgroups of [HOST.cgroups, UNIFIED]) {
        const spec = specWith((it) => {
          EVERYTHING.forEach((change, bit) => {
            if (subset & (1 << bit)) change(it);
          });
          if (user) withUserNamespace(it);
        });
        yield planOf(spec, { ...HOST, cgroups });
      }
    }
  }
}

/** Every first step comes before every second one. */
const BEFORE: readonly (readonly [StepName, StepName])[] = [
  ["saveState", "clone"],
  ["makeCgroup", "clone"],
  ["writeIdMaps", "becomeRoot"],
  ["becomeRoot", "openRoot"],
  ["joinCgroup", "setPropagation"],
  ["joinCgroup", "unshareNamespace"],
  ["setPropagation", "openRoot"],
  ["openRoot", "mount"],
  ["mount", "makeDevice"],
  ["bind", "pivotRoot"],
  ["mount", "pivotRoot"],
  ["setSysctl", "pivotRoot"],
  ["pivotRoot", "mask"],
  ["pivotRoot", "makeReadonly"],
  ["pivotRoot", "makeRootReadonly"],
  ["newSession", "useConsole"],
  ["mount", "openConsole"],
  ["pivotRoot", "openConsole"],
  ["openConsole", "bindConsole"],
  ["bindConsole", "mask"],
  ["bindConsole", "makeReadonly"],
  ["bindConsole", "makeRootReadonly"],
  ["sendConsole", "useConsole"],
  ["useConsole", "setBounding"],
  ["mask", "findProgram"],
  ["setBounding", "setIds"],
  ["setIds", "setCapabilities"],
  ["setCapabilities", "awaitStart"],
  ["setCwd", "setRlimit"],
  ["setRlimit", "setIds"],
  ["findProgram", "awaitStart"],
  ["awaitStart", "exec"],
];

const all = [...plans()];
const places = (plan: Plan, name: StepName) =>
  plan.steps.flatMap((step: Step, index) => (step.step === name ? [index] : []));

group("order of every plan", () => {
  test.each(BEFORE)("%s before %s", (first, second) => {
    for (const plan of all) {
      const firsts = first === "saveState" ? places(plan, first).slice(0, 1) : places(plan, first);
      const seconds = places(plan, second);
      expect(Math.max(-1, ...firsts)).toBeLessThan(Math.min(...seconds, Number.POSITIVE_INFINITY));
    }
  });

  test("hooks fall where the specification puts them", () => {
    for (const plan of all) {
      const pivot = places(plan, "pivotRoot")[0] ?? -1;
      const start = places(plan, "awaitStart")[0] ?? -1;
      const kinds = plan.steps.flatMap((step, index) => (step.step === "runHook" ? [{ kind: step.kind, index }] : []));
      for (const { kind, index } of kinds) {
        if (kind === "startContainer") expect(index).toBeGreaterThan(start);
        else expect(index).toBeLessThan(pivot);
      }
      const order = kinds.map(({ kind }) => kind);
      expect(order).toEqual([...order].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)));
    }
  });

  test("the record is complete before init may wait for start, and init is known before its first step", () => {
    for (const plan of all) {
      const saved = plan.steps.flatMap((step, index) => (step.step === "saveState" ? [{ index, step }] : []));
      const clone = places(plan, "clone")[0] ?? -1;
      const start = places(plan, "awaitStart")[0] ?? -1;
      expect(saved.map(({ step }) => step.status)).toEqual(["creating", "creating", "created"]);
      expect(saved[0]?.index).toBe(0);
      expect(saved[1]?.index).toBe(clone + 1);
      expect(saved[2]?.index).toBe(start - 1);
    }
  });

  test("nothing privileged is init's in a user namespace", () => {
    for (const plan of all.filter(({ steps }) => steps.some(({ step }) => step === "writeIdMaps"))) {
      expect(places(plan, "makeDevice")).toEqual([]);
      for (const step of plan.steps)
        if (step.step === "bind" || step.step === "openRoot") expect(step.slot).toBeGreaterThanOrEqual(0);
    }
  });

  test("every step has a pointer of config.json", () => {
    for (const plan of all) for (const { from } of plan.steps) expect(from).toMatch(/^(\/[^/]+)*$/);
  });
});

const ORDER = ["prestart", "createRuntime", "createContainer", "startContainer"];
