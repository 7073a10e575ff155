import { existsSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { succeeded, until } from "../../bundles/command.ts";
import type { Config, Hook, HookKind } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { isCrun, isTsrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();

/** What create ends with when a hook failed. */
const FAILED: readonly (number | null)[] = isCrun ? [1, 255] : [1];

const KINDS: readonly HookKind[] = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
];

/** A folder that hooks write to: at its own path outside, at /mnt inside the container. */
function notes(c: Config): string {
  const folder = join(box.session.dir, box.session.unique());
  mkdirSync(folder, { mode: 0o777 });
  c.mounts.push({ destination: "/mnt", type: "bind", source: folder, options: ["bind"] });
  return folder;
}

/** A hook that runs a shell script in which $N is the folder of notes, wherever the hook runs. */
function script(kind: HookKind, folder: string, text: string): Hook {
  const place = kind === "startContainer" ? "/mnt" : folder;
  return { path: "/bin/sh", args: ["sh", "-c", `N=${place}; ${text}`] };
}

interface Hooked {
  readonly container: Container;
  /** What the hooks wrote to a file of their folder. */
  note(name: string): string;
}

async function hooked(
  text: (kind: HookKind) => string,
  change: (c: Config) => void = () => undefined,
): Promise<Hooked> {
  let folder = "";
  const container = await box.container((c) => {
    folder = notes(c);
    c.process.args = ["sh", "-c", "echo process >> /mnt/log; exec sleep 100"];
    c.hooks = Object.fromEntries(KINDS.map((kind) => [kind, [script(kind, folder, text(kind))]]));
    change(c);
  });
  return {
    container,
    note: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8").trimEnd() : ""),
  };
}

async function wholeLife(container: Container): Promise<void> {
  await container.launch();
  await container.says("").then(() => undefined);
  succeeded(await container.kill("KILL"));
  await container.reaches("stopped");
  succeeded(await container.delete());
}

test("the kinds run in their order", async () => {
  const { container, note } = await hooked((kind) => `echo ${kind} >> $N/log`);
  // Where poststart stands is the next test's.
  const log = (): string[] =>
    note("log")
      .split("\n")
      .filter((line) => line !== "process" && line !== "poststart");
  const before = ["prestart", "createRuntime", "createContainer"];
  succeeded(await container.create());
  expect(log()).toEqual(before);
  succeeded(await container.start());
  // crun's start does not wait for the program.
  await until("the program", () => (note("log").includes("process") ? true : undefined));
  expect(log()).toEqual([...before, "startContainer"]);
  succeeded(await container.kill("KILL"));
  await container.reaches("stopped");
  expect(log()).toEqual([...before, "startContainer"]);
  succeeded(await container.delete());
  expect(log()).toEqual([...before, "startContainer", "poststop"]);
});

unlessPeer(["runc", "crun"], "runs it within create, or before startContainer")(
  "poststart runs after the program was started and before start returns",
  async () => {
    const { container, note } = await hooked((kind) => `echo ${kind} >> $N/log`);
    succeeded(await container.create());
    expect(note("log")).not.toContain("poststart");
    succeeded(await container.start());
    const log = note("log").split("\n");
    expect(log).toContain("poststart");
    expect(log.indexOf("poststart")).toBeGreaterThan(log.indexOf("startContainer"));
  },
);

test("hooks of one kind run in the listed order", async () => {
  const { container, note } = await hooked(
    () => ":",
    (c) => {
      const first = c.hooks?.createRuntime?.[0]?.args?.[2]?.split(";")[0];
      c.hooks = {
        createRuntime: [1, 2, 3].map((n) => ({ path: "/bin/sh", args: ["sh", "-c", `${first}; echo ${n} >> $N/log`] })),
      };
    },
  );
  succeeded(await container.create());
  expect(note("log")).toBe("1\n2\n3");
});

test("each kind runs in the namespaces of the specification's table", async () => {
  const look = "for n in mnt pid uts net; do readlink /proc/self/ns/$n; done";
  const { container, note } = await hooked((kind) => `(${look}) > $N/${kind}`);
  await container.launch();
  const { pid } = await container.state();
  const own = (who: string): string =>
    ["mnt", "pid", "uts", "net"].map((n) => readlinkSync(`/proc/${who}/ns/${n}`)).join("\n");
  const seen = Object.fromEntries(KINDS.slice(0, 5).map((kind) => [kind, note(kind)]));
  // A hook of the runtime may run in a mount namespace that the harness made for the runtime: only the rest is compared.
  const rest = (text: string | undefined): string => (text ?? "").split("\n").slice(1).join("\n");
  for (const kind of ["prestart", "createRuntime", "poststart"])
    expect([kind, rest(seen[kind])]).toEqual([kind, rest(own("self"))]);
  expect(seen.createContainer).toBe(own(`${pid}`));
  expect(seen.startContainer).toBe(own(`${pid}`));
  for (const kind of ["prestart", "createRuntime", "poststart"]) expect(seen[kind]).not.toBe(seen.createContainer);
});

test("createContainer runs before the root is changed, startContainer after", async () => {
  const { container, note } = await hooked(
    (kind) => `ls / > $N/${kind}-root; cat /proc/self/mountinfo > $N/${kind}-mounts`,
  );
  await container.launch();
  // The folder of notes is at its host path for the one and at /mnt for the other, or nothing would have been written.
  expect(note("startContainer-root").split("\n")).toContain("mnt");
  expect(note("createContainer-mounts")).toContain(`${container.config.root.path}/proc `);
  expect(note("startContainer-mounts")).not.toContain(`${container.config.root.path}/proc `);
});

unlessPeer(["crun"], "writes 1.0 as the version, created as the status")("the state on stdin", async () => {
  const { container, note } = await hooked(
    (kind) => `cat > $N/${kind}`,
    (c) => {
      c.annotations = { "org.example.colour": "blue" };
    },
  );
  succeeded(await container.create());
  const { pid } = await container.state();
  succeeded(await container.start());
  succeeded(await container.kill("KILL"));
  await container.reaches("stopped");
  succeeded(await container.delete());
  const states = Object.fromEntries(KINDS.map((kind) => [kind, JSON.parse(note(kind)) as Record<string, unknown>]));
  for (const kind of KINDS) {
    expect([kind, states[kind]]).toEqual([
      kind,
      expect.objectContaining({
        ociVersion: expect.stringMatching(/^1\.\d+\.\d+/),
        id: container.id,
        bundle: container.bundle,
        annotations: { "org.example.colour": "blue" },
      }),
    ]);
  }
  const statuses = KINDS.map((kind) => states[kind]?.status);
  expect(statuses.slice(0, 3)).toEqual(["creating", "creating", "creating"]);
  expect(statuses[3]).toMatch(/^(creating|created)$/);
  if (isTsrun) expect(statuses[4]).toBe("running"); // runc runs it while still in create
  expect(statuses[5]).toBe("stopped");
  for (const kind of ["prestart", "createRuntime", "poststart"]) expect([kind, states[kind]?.pid]).toEqual([kind, pid]);
});

test("arguments and environment are the hook's own", async () => {
  let folder = "";
  const container = await box.container((c) => {
    folder = notes(c);
    const text = `tr '\\0' '\\n' < /proc/self/environ > ${folder}/env; echo "$0|$1|$#" > ${folder}/args`;
    c.hooks = {
      createRuntime: [{ path: "/bin/sh", args: ["name", "-c", text, "zero", "one two"], env: ["A=1", "B=2 3"] }],
    };
  });
  succeeded(await container.create());
  expect(readFileSync(join(folder, "args"), "utf8")).toBe("zero|one two|1\n");
  const environment = readFileSync(join(folder, "env"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("PWD="));
  expect(environment.sort()).toEqual(["A=1", "B=2 3"]);
});

const CREATE_KINDS = ["prestart", "createRuntime", "createContainer"] as const;

test.each(CREATE_KINDS)("a failing %s fails create, names itself and leaves nothing", async (kind) => {
  const c = await box.container((config) => {
    config.hooks = { [kind]: [{ path: "/bin/sh", args: ["sh", "-c", "echo the reason >&2; exit 7"] }] };
  });
  const outcome = await c.create();
  expect(FAILED).toContain(outcome.code);
  expect(outcome.stderr).toMatch(/hook/);
  expect(outcome.stderr).toMatch(/\b7\b/);
  expect((await c.stateOutcome()).code).toBe(1);
  expect(c.cgroup("pids")).toBeUndefined();
});

test("a hook whose program is not there fails create", async () => {
  const c = await box.container((config) => {
    config.hooks = { createRuntime: [{ path: "/nowhere/hook" }] };
  });
  const outcome = await c.create();
  expect(FAILED).toContain(outcome.code);
  expect(outcome.stderr).toContain("/nowhere/hook");
  expect((await c.stateOutcome()).code).toBe(1);
});

test("later hooks are not run after a failing one", async () => {
  const { container, note } = await hooked(
    (kind) => `echo ${kind} >> $N/log; ${kind === "createRuntime" ? "exit 1" : ":"}`,
  );
  expect(FAILED).toContain((await container.create()).code);
  expect(
    note("log")
      .split("\n")
      .filter((line) => line !== "poststop"),
  ).toEqual(["prestart", "createRuntime"]);
});

unlessPeer(["runc", "crun"], "destroys without the poststop hooks")("poststop runs after a failed create", async () => {
  const { container, note } = await hooked(
    (kind) => `echo ${kind} >> $N/log; ${kind === "createRuntime" ? "exit 1" : ":"}`,
  );
  expect(FAILED).toContain((await container.create()).code);
  expect(note("log").split("\n")).toEqual(["prestart", "createRuntime", "poststop"]);
});

test.each(CREATE_KINDS)("a %s that hangs is ended at its timeout and fails create", async (kind) => {
  const c = await box.container((config) => {
    config.hooks = { [kind]: [{ path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1 }] };
  });
  const before = Date.now();
  const outcome = await c.create();
  expect(Date.now() - before).toBeLessThan(5000);
  expect(FAILED).toContain(outcome.code);
  if (!isCrun) expect(outcome.stderr).toMatch(/time|deadline|killed/i);
  expect((await c.stateOutcome()).code).toBe(1);
});

test("a failing startContainer fails start", async () => {
  const { container, note } = await hooked((kind) => (kind === "startContainer" ? "exit 3" : ":"));
  succeeded(await container.create());
  const outcome = await container.start();
  if (isTsrun) expect(outcome.code).toBe(1); // runc and crun see that init is gone only when they look again
  const gone = await container.stateOutcome();
  if (gone.code === 0) await container.reaches("stopped");
  expect(note("log")).not.toContain("process");
});

unlessPeer(["runc", "crun"], "only warned before specification 1.3.0")(
  "a failing poststart fails start, stops and destroys the container",
  async () => {
    const { container } = await hooked((kind) => (kind === "poststart" ? "exit 3" : ":"));
    succeeded(await container.create());
    const outcome = await container.start();
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("poststart");
    expect((await container.stateOutcome()).code).toBe(1);
    expect(container.cgroup("pids")).toBeUndefined();
  },
);

unlessPeer(["runc"], "leaves the rest out")("a failing poststop is a warning, and the rest still run", async () => {
  const { container, note } = await hooked(
    () => ":",
    (c) => {
      const place = c.hooks?.poststop?.[0]?.args?.[2]?.split(";")[0];
      const run = (text: string): Hook => ({ path: "/bin/sh", args: ["sh", "-c", `${place}; ${text}`] });
      c.hooks = { poststop: [run("echo one >> $N/log2; exit 1"), run("echo two >> $N/log2")] };
    },
  );
  await wholeLife(container);
  expect(note("log2")).toBe("one\ntwo");
  expect((await container.stateOutcome()).code).toBe(1);
});

test("delete --force of a running container runs poststop", async () => {
  const { container, note } = await hooked((kind) => `echo ${kind} >> $N/log`);
  await container.launch();
  await until("the program", () => (note("log").includes("process") ? true : undefined));
  succeeded(await container.delete(["--force"]));
  expect(note("log").split("\n").at(-1)).toBe("poststop");
});
