import { expect, describe as group, test } from "@jest/globals";
import { planExec } from "../../runtime/plan/exec-plan.js";
import type { Step } from "../../runtime/plan/generated/step.js";
import type { Plan } from "../../runtime/plan/plan.js";
import type { Process, Spec } from "../../runtime/spec/generated/types.js";
import { HOST, linesOf, planOf, specWith, withUserNamespace } from "../support/plan.js";

const STEPS = ["openConsole", "bindConsole", "sendConsole", "useConsole"];

function seated(change: (spec: Spec) => void = () => undefined): Spec {
  return specWith((spec) => {
    Object.assign(spec.process ?? {}, { terminal: true });
    change(spec);
  });
}

const namesOf = (plan: Plan): string[] => plan.steps.map(({ step }) => step).filter((name) => STEPS.includes(name));
const opened = ({ steps }: { steps: readonly Step[] }) => steps.find(({ step }) => step === "openConsole");

group("the terminal of create", () => {
  test("is opened, bound, sent and used", () => {
    const plan = planOf(seated());
    expect(linesOf(plan).filter((line) => line.includes("terminal"))).toEqual([
      "init     open terminal for uid 0  [/process/terminal]",
      "init     bind terminal on /dev/console  [/process/terminal]",
      "init     send terminal to the caller  [/process/terminal]",
      "init     make terminal the standard input, output and error  [/process/terminal]",
    ]);
    expect(plan.fds).toContainEqual({ kind: "console", path: "", from: "/process/terminal" });
  });

  test("is the user's, and has consoleSize", () => {
    const change = (spec: Spec) =>
      Object.assign(spec.process ?? {}, { user: { uid: 7, gid: 8 }, consoleSize: { height: 30, width: 100 } });
    const [line] = linesOf(planOf(seated(change))).filter((text) => text.includes("open terminal"));
    expect(line).toBe("init     open terminal of 30 rows and 100 columns for uid 7  [/process/terminal]");
  });

  test("is not there without terminal, whatever consoleSize says", () => {
    const plan = planOf(
      specWith((spec) => Object.assign(spec.process ?? {}, { consoleSize: { height: 30, width: 100 } })),
    );
    expect(namesOf(plan)).toEqual([]);
    expect(plan.fds.some(({ kind }) => kind === "console")).toBe(false);
  });
});

group("/dev/console is left alone", () => {
  const dev = (options: string[]) => (spec: Spec) => {
    spec.mounts = [{ destination: "/dev", type: "bind", source: "/dev", options }];
  };
  const shared = (change: (spec: Spec) => void) => (spec: Spec) => {
    spec.linux = { ...spec.linux, rootfsPropagation: "rshared" };
    change(spec);
  };

  test.each<[string, (spec: Spec) => void, boolean]>([
    ["the host's /dev, as it is bound by default", dev(["rbind"]), true],
    ["the host's /dev, shared with the copy only", dev(["rbind", "rshared"]), true],
    ["a shared tree with the host's /dev", shared(dev(["rbind"])), false],
    ["a shared tree with the host's /dev, shared again", shared(dev(["rbind", "rprivate", "rshared"])), false],
    ["a shared tree with the host's /dev, parted", shared(dev(["rbind", "rslave"])), true],
    ["a shared tree with a /dev of its own", shared(() => undefined), true],
  ])("%s", (_name, change, bound) => {
    const plan = planOf(seated(change));
    expect(namesOf(plan).includes("bindConsole")).toBe(bound);
    const told = plan.warnings.map(({ message, pointer }) => `${message} ${pointer}`);
    const warning = "the terminal is not bound on /dev/console: /dev is shared with the host /process/terminal";
    expect(told.includes(warning)).toBe(!bound);
  });

  test("a user namespace only ever has a slave of the host's /dev", () => {
    const plan = planOf(
      seated((spec) => {
        shared(dev(["rbind"]))(spec);
        withUserNamespace(spec);
      }),
    );
    expect(namesOf(plan)).toEqual(STEPS);
  });

  test("without a mount namespace it would be the host's", () => {
    const plan = planOf(
      seated((spec) => {
        spec.mounts = [];
        spec.root = { path: "rootfs" };
        const namespaces = (spec.linux?.namespaces ?? []).filter(({ type }) => type !== "mount");
        spec.linux = { ...spec.linux, namespaces, maskedPaths: [], readonlyPaths: [] };
      }),
    );
    expect(namesOf(plan)).toEqual(STEPS.filter((name) => name !== "bindConsole"));
    expect(plan.warnings.map(({ message }) => message)).toContain(
      "the terminal is not bound on /dev/console: the container has the host's mounts",
    );
  });
});

group("the terminal of exec", () => {
  const process: Process = { cwd: "/", args: ["sh"], terminal: true, consoleSize: { height: 5, width: 6 } };
  const target = { id: "c1", pid: 7, namespaces: 0x20000, cgroupJoins: [], cgroupInto: "", ownKeyring: true };
  const plan = (change: Partial<Process>, console?: { socket: string; size?: { height: number; width: number } }) =>
    planExec({ ...process, ...change }, target, HOST, { preserveFds: 0, pointer: "", linux: {}, console });

  test("is never bound, and sent where it belongs", () => {
    const made = plan({}, { socket: "/s" });
    expect(namesOf(made)).toEqual(["openConsole", "sendConsole", "useConsole"]);
    expect(linesOf(made)).toContain("init     send terminal to console socket /s  [/terminal]");
    expect(made.fds).toContainEqual({ kind: "console", path: "/s", from: "/terminal" });
  });

  test("has the caller's size before its own", () => {
    expect(opened(plan({}))).toMatchObject({ rows: 5, columns: 6, plain: 0 });
    const size = { height: 50, width: 60 };
    expect(opened(plan({}, { socket: "", size }))).toMatchObject({ rows: 50, columns: 60 });
  });

  test("comes after the session and before the ids", () => {
    const names = plan({}).steps.map(({ step }) => step);
    expect(names.indexOf("newSession")).toBeLessThan(names.indexOf("openConsole"));
    expect(names.indexOf("useConsole")).toBeLessThan(names.indexOf("setBounding"));
    expect(names.indexOf("useConsole")).toBeLessThan(names.indexOf("setIds"));
  });

  test("is not there without", () => {
    expect(namesOf(plan({ terminal: false }))).toEqual([]);
  });
});
