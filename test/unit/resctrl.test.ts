import { describe, expect, test } from "@jest/globals";
import { placesIn } from "../../runtime/resctrl/mount.ts";
import { firstDifference } from "../../runtime/resctrl/schemata.ts";
import { HOST, planOf, specWith } from "../support/plan.ts";

describe("resctrl mounts", () => {
  test("are whole trees, their places without escapes", () => {
    const lines = [
      "25 1 0:22 / /proc rw,nosuid - proc proc rw",
      "30 1 0:30 / /sys/fs/resctrl rw shared:9 - resctrl resctrl rw",
      "31 1 0:30 /gold /somewhere rw - resctrl resctrl rw",
      "32 1 0:30 / /a\\040b rw - resctrl resctrl rw,mba_MBps",
      "33 1 0:31 / /resctrl rw - tmpfs resctrl rw",
      "",
    ];
    expect(placesIn(lines.join("\n"))).toEqual(["/sys/fs/resctrl", "/a b"]);
    expect(placesIn("")).toEqual([]);
  });
});

describe("schemata", () => {
  const file = "    L3:0=007ff;1=7ff\n    MB:0= 100;1=  70\n";

  test.each([[["L3:0=7ff"]], [["L3:1=07FF;0=7ff", "MB:1=70"]], [["MB:0=1", "MB:0=100"]], [[]], [["L3:"]]])(
    "%j",
    (wanted) => {
      expect(firstDifference(wanted, file)).toBeUndefined();
    },
  );

  test.each([
    [["L3:0=7f"], "L3:0=7f"],
    [["L3:0=7ff;1=0"], "L3:0=7ff;1=0"],
    [["L3:2=7ff"], "L3:2=7ff"],
    [["MB:0=100", "MB:0=1"], "MB:0=100"],
    [["L2:0=f"], "L2:0=f"],
    [["MB:0=0100", "words"], "words"],
  ])("%j differs", (wanted, line) => {
    expect(firstDifference(wanted, file)).toBe(line);
  });
});

test("the plan writes and joins in the order of the specification", () => {
  const plan = planOf(
    specWith((spec) => {
      spec.linux = {
        ...spec.linux,
        intelRdt: {
          memBwSchema: "MB:0=20",
          l3CacheSchema: "L3:0=f",
          schemata: ["L2:0=3", "L3:0=ff"],
          enableMonitoring: true,
        },
      };
    }),
    HOST,
  );
  const steps = plan.steps.filter(({ step }) => step === "makeResctrl" || step === "joinResctrl");
  expect(steps.map((step) => (step.step === "makeResctrl" ? [step.path, ...step.schemata] : step))).toEqual([
    ["/sys/fs/resctrl/c1", "L3:0=f", "MB:0=20", "L2:0=3", "L3:0=ff"],
    ["/sys/fs/resctrl/c1/mon_groups/c1"],
    expect.objectContaining({ file: "/sys/fs/resctrl/c1/tasks" }),
    expect.objectContaining({ file: "/sys/fs/resctrl/c1/mon_groups/c1/tasks" }),
  ]);
  const at = (name: string) => plan.steps.findIndex(({ step }) => step === name);
  expect([at("makeResctrl") < at("clone"), at("clone") < at("joinResctrl")]).toEqual([true, true]);
});
