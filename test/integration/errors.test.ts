import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Outcome } from "../../bundles/command.ts";
import { template, toJson } from "../../bundles/config.ts";
import type { Change } from "../../bundles/session.ts";
import { useBox } from "../support/container.ts";
import { isTsrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();

interface Broken {
  readonly what: string;
  readonly change?: Change;
  /** The whole config.json, in place of template and change. */
  readonly text?: string;
  /** What the message says, whoever writes it. */
  readonly says?: RegExp;
  /** The pointer that tsrun's message ends with. */
  readonly pointer?: string;
  readonly peers?: readonly string[];
  readonly reason?: string;
}

/** The template as text with one key's value replaced by JSON text of the test's own. */
function textWith(path: readonly (string | number)[], json: string): string {
  const config = template(["true"]) as unknown as Record<string, unknown>;
  let place: Record<string | number, unknown> = config;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[path.at(-1) ?? ""] = "@@";
  return JSON.stringify(config).replace('"@@"', json);
}

const CASES: readonly Broken[] = [
  { what: "no JSON at all", text: "", says: /./ },
  { what: "truncated JSON", text: toJson(template()).slice(0, 500), says: /./ },
  { what: "JSON of another shape", text: "[]", says: /./ },
  { what: "args that is a string", text: textWith(["process", "args"], '"true"'), says: /./, pointer: "/process/args" },
  { what: "args that is empty", text: textWith(["process", "args"], "[]"), says: /./, pointer: "/process/args" },
  {
    what: "a uid that is a string",
    text: textWith(["process", "user", "uid"], '"0"'),
    says: /./,
    pointer: "/process/user/uid",
  },
  {
    what: "a uid that is negative",
    text: textWith(["process", "user", "uid"], "-1"),
    says: /./,
    pointer: "/process/user/uid",
    peers: ["crun"],
    reason: "takes it as 2^32 - 1",
  },
  {
    what: "an rlimit over 2^64",
    text: textWith(["process", "rlimits", 0, "hard"], "18446744073709551616"),
    says: /./,
    pointer: "/process/rlimits/0/hard",
    peers: ["crun"],
    reason: "cuts it off",
  },
  {
    what: "a namespace listed twice",
    change: (c) => c.linux.namespaces.push({ type: "pid" }),
    says: /pid/,
    pointer: "/linux/namespaces/5",
    peers: ["crun"],
    reason: "takes the second without a word",
  },
  {
    what: "a namespace of unknown type",
    change: (c) => c.linux.namespaces.push({ type: "pidd" }),
    says: /pidd/,
    pointer: "/linux/namespaces/5/type",
  },
  {
    what: "an rlimit of unknown type",
    change: (c) => c.process.rlimits.push({ type: "RLIMIT_FOO", soft: 1, hard: 1 }),
    says: /RLIMIT_FOO/,
    pointer: "/process/rlimits/1/type",
  },
  {
    what: "an rlimit listed twice",
    change: (c) => c.process.rlimits.push({ type: "RLIMIT_NOFILE", soft: 1, hard: 1 }),
    says: /RLIMIT_NOFILE/,
    pointer: "/process/rlimits/1/type",
    peers: ["runc", "crun"],
    reason: "takes the second without a word",
  },
  {
    what: "a relative cwd",
    change: (c) => {
      c.process.cwd = "tmp";
    },
    says: /cwd/i,
    pointer: "/process/cwd",
    peers: ["crun"],
    reason: "takes it as under /",
  },
  {
    what: "a missing bind source",
    change: (c) => c.mounts.push({ destination: "/mnt", type: "bind", source: "/nowhere/at/all", options: ["bind"] }),
    says: /\/nowhere\/at\/all.*no such file or directory|no such file or directory.*\/nowhere\/at\/all/i,
    pointer: "/mounts/7",
  },
  {
    what: "a mount of an unknown filesystem",
    change: (c) => c.mounts.push({ destination: "/mnt", type: "nosuchfs", source: "x" }),
    says: /nosuchfs|no such device/i,
    pointer: "/mounts/7",
  },
  {
    what: "a program that is not there",
    change: (c) => {
      c.process.args = ["no-such-program"];
    },
    says: /executable file.*not found/,
    pointer: "/process/args/0",
  },
  {
    what: "a program by path that is not there",
    change: (c) => {
      c.process.args = ["/bin/no-such-program"];
    },
    says: /no such file or directory/i,
    pointer: "/process/args/0",
  },
  {
    what: "a program that can't be executed",
    change: (c) => {
      c.process.args = ["/etc/passwd"];
    },
    says: /permission denied/i,
    pointer: "/process/args/0",
  },
  {
    what: "a program that is a folder",
    change: (c) => {
      c.process.args = ["/etc"];
    },
    says: /permission denied|is a directory/i,
    pointer: "/process/args/0",
    peers: ["crun"],
    reason: "fails in start only",
  },
  {
    what: "a root that is not there",
    change: (c) => {
      c.root.path = "/nowhere/rootfs";
    },
    says: /\/nowhere\/rootfs/,
    pointer: "/root/path",
  },
  {
    what: "a hook of relative path",
    change: (c) => {
      c.hooks = { createRuntime: [{ path: "bin/true" }] };
    },
    says: /bin\/true/,
    pointer: "/hooks/createRuntime/0/path",
    peers: ["crun"],
    reason: "ends with the hook's own status",
  },
  {
    what: "a failing hook",
    change: (c) => {
      c.hooks = { createRuntime: [{ path: "/bin/true" }, { path: "/bin/false" }] };
    },
    says: /hook/,
    pointer: "/hooks/createRuntime/1",
    peers: ["crun"],
    reason: "ends with the hook's own status",
  },
  {
    what: "a hook that hangs",
    change: (c) => {
      c.hooks = { createRuntime: [{ path: "/bin/sleep", args: ["sleep", "100"], timeout: 1 }] };
    },
    says: /./,
    pointer: "/hooks/createRuntime/0",
  },
  {
    what: "an ociVersion of another major",
    text: textWith(["ociVersion"], '"2.0.0"'),
    says: /2\.0\.0/,
    pointer: "/ociVersion",
    peers: ["runc", "crun"],
    reason: "does not look at it",
  },
];

/** What lies in the state root, which is made by the first container only. */
const states = (): string[] => (existsSync(box.session.root) ? readdirSync(box.session.root) : []);

function lastLine(outcome: Outcome): string {
  return outcome.stderr.trimEnd().split("\n").at(-1) ?? "";
}

for (const broken of CASES) {
  unlessPeer(broken.peers ?? [], broken.reason ?? "")(`${broken.what}: create fails and leaves nothing`, async () => {
    const options = broken.text === undefined ? {} : { text: broken.text };
    const c = await box.container((config, container) => broken.change?.(config, container), options);
    const outcome = await c.create();
    expect(outcome.code).toBe(1);
    expect(lastLine(outcome)).toMatch(broken.says ?? /./);
    if (isTsrun && broken.pointer !== undefined) expect(lastLine(outcome)).toContain(`(config.json ${broken.pointer}`);
    expect((await c.stateOutcome()).code).toBe(1);
    expect(states()).not.toContain(c.id);
    for (const hierarchy of readdirSync("/sys/fs/cgroup")) expect(c.cgroup(hierarchy)).toBeUndefined();
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(c.bundle);
  });
}

test("no config.json", async () => {
  const c = await box.container();
  rmSync(join(c.bundle, "config.json"));
  const outcome = await c.create();
  expect(outcome.code).toBe(1);
  expect(lastLine(outcome)).toContain("config.json");
});

test("no bundle", async () => {
  const outcome = await box.session.call(["create", "--bundle", "/nowhere/bundle", "x"]);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/\/nowhere\/bundle|no such file/i);
});

for (const id of ["..", ".", "a/b", "../x", "a b", "a\nb", "é", "a:b", "", "x".repeat(256), "x".repeat(1025)]) {
  const peers = [".", "", "x".repeat(1025), "a b", "a\nb", "é", "a:b"].includes(id) ? ["crun"] : [];
  unlessPeer(peers, "takes it, or fails elsewhere")(
    `the id ${JSON.stringify(id).slice(0, 20)} of ${id.length} is refused`,
    async () => {
      const c = await box.container(() => undefined, { id });
      const before = states();
      const outcome = await c.create();
      expect(outcome.code).toBe(1);
      expect(states()).toEqual(before);
      for (const again of [await c.stateOutcome(), await c.start(), await c.kill(), await c.exec(["true"])]) {
        expect(again.code).not.toBe(0);
      }
    },
  );
}

test("an id of every letter that is allowed", async () => {
  const id = `aZ09_+.-${box.session.unique()}`;
  const c = await box.container(
    (config) => {
      config.process.args = ["true"];
    },
    { id },
  );
  expect((await c.run()).code).toBe(0);
});

test("an unknown command and an unknown option are errors", async () => {
  for (const words of [["no-such-command"], ["create", "--no-such-option", "x"]]) {
    const outcome = await box.session.call(words);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr + outcome.stdout).toContain("no-such");
  }
});

test("a missing id is an error", async () => {
  for (const command of ["create", "start", "state", "kill", "delete", "exec"]) {
    expect([command, (await box.session.call([command])).code]).not.toEqual([command, 0]);
  }
});

unlessPeer(["crun"], "writes other levels")(
  "the last entry of --log is of level error and holds the message",
  async () => {
    const log = join(box.session.dir, "log.json");
    const c = await box.container(
      (config) => {
        config.process.args = ["no-such-program"];
      },
      { globals: ["--log", log, "--log-format", "json"] },
    );
    expect((await c.create()).code).toBe(1);
    const entries = readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    const last = entries.filter((entry) => entry.level === "error").at(-1);
    expect(entries.at(-1)).toEqual(last);
    expect(last).toEqual(
      expect.objectContaining({
        level: "error",
        msg: expect.stringMatching(/no-such-program.*executable file.*not found|executable file.*not found/),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      }),
    );
  },
);

test("--log with text", async () => {
  const log = join(box.session.dir, "log.txt");
  const c = await box.container(
    (config) => {
      config.process.args = ["no-such-program"];
    },
    { globals: ["--log", log] },
  );
  expect((await c.create()).code).toBe(1);
  expect(readFileSync(log, "utf8")).toContain("no-such-program");
});

unlessPeer(["runc", "crun"], "has words of its own")(
  "an error is one line, lower case, without a full stop",
  async () => {
    const c = await box.container((config) => {
      config.mounts.push({ destination: "/mnt", type: "bind", source: "/nowhere", options: ["bind"] });
    });
    const { stderr } = await c.create();
    const lines = stderr
      .trimEnd()
      .split("\n")
      .filter((line) => !line.includes("warning"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^(tsrun: )?[a-z][^A-Z]*[^.]$/);
  },
);

unlessPeer(["runc", "crun"], "says nothing")("an unknown key passes with a warning that points at it", async () => {
  const config = template(["true"]) as unknown as { linux: Record<string, unknown>; root: { path: string } };
  const c = await box.container((made) => {
    config.root.path = made.root.path;
  });
  config.linux.maskedPath = ["/etc"];
  const same = await box.container(() => undefined, { text: JSON.stringify({ ...config, root: c.config.root }) });
  const outcome = await same.run();
  expect(outcome.code).toBe(0);
  expect(outcome.stderr).toContain("/linux/maskedPath");
});

test("a terminal without a console socket is an error of create", async () => {
  const c = await box.container((config) => {
    config.process.terminal = true;
  });
  const outcome = await c.create();
  expect(outcome.code).toBe(1);
  expect(lastLine(outcome)).toMatch(/console|terminal/);
  if (isTsrun) expect(lastLine(outcome)).toContain("(config.json /process/terminal");
});

test("a config over 2^53 and 2^64 - 1 is read, applied and kept exactly", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
    config.process.rlimits = [{ type: "RLIMIT_CORE", soft: 9007199254740993n, hard: 18446744073709551615n }];
  });
  const { pid } = await c.launch();
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  expect(limits).toMatch(/^Max core file size +9007199254740993 +unlimited/m);
  if (!isTsrun) return; // the others keep no copy of the config
  const kept = (readdirSync(join(box.session.root, c.id), { recursive: true }) as string[])
    .map((name) => join(box.session.root, c.id, name))
    .filter((path) => path.endsWith(".json"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  expect(kept).toContain("9007199254740993");
  expect(kept).toContain("18446744073709551615");
});
