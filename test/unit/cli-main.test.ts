import { beforeEach, describe, expect, test } from "@jest/globals";
import type { CreateOptions } from "../../runtime/container/options.ts";
import { RuntimeError } from "../../runtime/errors.ts";
import type { Port } from "../../runtime/host/port.ts";
import { tsrun } from "../support/command-line.ts";
import { answers, calls, resetContainers, STATE } from "../support/fake-containers.ts";
import { systemError } from "../support/fake-port.ts";

beforeEach(resetContainers);

describe("verbs hand their words to the container API", () => {
  const OPTIONS = { id: "c1", bundle: "/b", pidFile: "/p", noPivot: true, preserveFds: 2 };

  test("create", async () => {
    const words = ["create", "-b", "/b", "--pid-file=/p", "--no-pivot", "--preserve-fds", "2", "c1"];
    expect(await tsrun(words)).toMatchObject({ code: 0, out: "", err: "" });
    expect(calls).toEqual([["create", expect.objectContaining(OPTIONS)], ["close"]]);
  });

  test("create and run --detach with a console socket, or none", async () => {
    await tsrun(["create", "--console-socket", "/s", "c1"]);
    await tsrun(["run", "-d", "--console-socket=/s", "c1"]);
    await tsrun(["create", "--console-socket=", "c1"]);
    const asked = calls.filter(([name]) => name === "create").map(([, options]) => (options as CreateOptions).console);
    expect(asked).toEqual([{ kind: "socket", path: "/s" }, { kind: "socket", path: "/s" }, undefined]);
  });

  test("start, kill, delete", async () => {
    await tsrun(["start", "c1"]);
    await tsrun(["kill", "c1"]);
    await tsrun(["kill", "--all", "c1", "sigusr1"]);
    await tsrun(["kill", "c1", "9"]);
    await tsrun(["delete", "c1"]);
    await tsrun(["delete", "c1", "--force"]);
    expect(calls).toEqual([
      ["start", "c1"],
      ["kill", "c1", 15, { all: false }],
      ["kill", "c1", 10, { all: true }],
      ["kill", "c1", 9, { all: false }],
      ["delete", "c1", { force: false }],
      ["delete", "c1", { force: true }],
    ]);
  });

  test("ids are passed on unchanged, for the container room to judge", async () => {
    for (const id of ["1e3", "007", "a/b", "..", " x"]) await tsrun(["start", id]);
    expect(calls.map(([, id]) => id)).toEqual(["1e3", "007", "a/b", "..", " x"]);
  });

  test("an unknown signal is an error before anything is touched", async () => {
    expect(await tsrun(["kill", "c1", "FOO"])).toMatchObject({ code: 1, err: 'tsrun: kill: unknown signal "FOO"\n' });
    expect(calls).toEqual([]);
  });
});

describe("state and list", () => {
  test("state has the keys, order and indentation of runc", async () => {
    expect((await tsrun(["state", "c1"])).out).toBe(
      `{
  "ociVersion": "1.3.0",
  "id": "c1",
  "pid": 17184,
  "status": "running",
  "bundle": "/tmp/b",
  "rootfs": "/tmp/b/rootfs",
  "created": "2026-11-21T01:20:36.872757731Z",
  "owner": "root"
}
`,
    );
  });

  test("the table is that of runc", async () => {
    answers.states = [{ state: { ...STATE, bundle: "/tmp/rc/b" } }];
    expect((await tsrun(["list"])).out).toBe(
      "ID          PID         STATUS      BUNDLE      CREATED                          OWNER\n" +
        "c1          17184       running     /tmp/rc/b   2026-11-21T01:20:36.872757731Z   root\n",
    );
    answers.states = [];
    expect((await tsrun(["list"])).out).toBe("ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
  });

  test("columns grow with what is in them, and what is in them can't break the line", async () => {
    answers.states = [{ state: { ...STATE, id: "a-rather-long-name", bundle: "/a\nb" } }];
    const [head, row, ...rest] = (await tsrun(["list"])).out.trimEnd().split("\n");
    expect(rest).toEqual([]);
    expect(row).toContain("/a\\x0ab");
    expect(head?.indexOf("PID")).toBe("a-rather-long-name".length + 3);
    expect(row?.indexOf("17184")).toBe(head?.indexOf("PID"));
  });

  test("JSON is one array on one line, annotations sorted and left out when empty", async () => {
    answers.states = [
      { state: { ...STATE, annotations: { b: "2", a: "1" } } },
      { state: { ...STATE, id: "c2", pid: 0, status: "stopped", annotations: {} } },
    ];
    const { out } = await tsrun(["list", "-f", "json"]);
    expect(out.split("\n")).toHaveLength(2);
    expect(out).toContain('"annotations":{"a":"1","b":"2"},"owner":"root"}');
    expect(JSON.parse(out)[1]).toEqual({ ...STATE, id: "c2", pid: 0, status: "stopped" });
    answers.states = [];
    expect((await tsrun(["list", "--format=json"])).out).toBe("[]\n");
  });

  test("a bad entry is a warning", async () => {
    const error = new RuntimeError("E_STATE_UNREADABLE", "container bad: its record is not JSON");
    answers.states = [{ id: "bad", error }, { state: STATE }];
    expect(await tsrun(["list", "-q"])).toMatchObject({
      code: 0,
      out: "c1\n",
      err: "tsrun: warning: list: container bad: its record is not JSON\n",
    });
  });

  test("a reader that is gone is an error", async () => {
    const said: string[] = [];
    const port: Partial<Port> = {
      write(fd, data) {
        if (fd === 1) throw systemError("write", 32, "write: broken pipe");
        said.push(new TextDecoder().decode(data as Uint8Array));
        return data.length;
      },
    };
    for (const words of [["state", "c1"], ["list"], ["--version"], ["features"]]) {
      expect((await tsrun(words, port)).code).toBe(1);
      expect(said.splice(0)).toEqual(["tsrun: write to standard output: broken pipe\n"]);
    }
  });
});

describe("plan", () => {
  const steps = [
    { step: "setHostname", by: "init", from: "/hostname", name: "web" },
    { step: "pivotRoot", by: "init", from: "" },
    { step: "saveState", by: "parent", from: "", status: "created" },
    { step: "setRlimit", by: "parent", from: "/process/rlimits/0", resource: 7, soft: 18446744073709551615n, hard: 1n },
    { step: "loadSeccomp", by: "init", from: "/linux/seccomp", filter: Uint8Array.of(1, 2, 3, 255), flags: 0 },
  ] as const;

  test("text: aligned columns of index, walker, sentence and pointer", async () => {
    answers.steps = [...steps];
    const { out, code } = await tsrun(["plan", "-b", "/b", "c9"]);
    const lines = out.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(calls).toEqual([["plan", expect.objectContaining({ id: "c9", bundle: "/b" })]]);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^0 {2}init {6}set hostname web +\/hostname$/);
    expect(lines[1]).toBe("1  init      pivot root");
    expect(lines[3]?.indexOf("/process")).toBe(lines[0]?.indexOf("/hostname"));
  });

  test("JSON: every field, exact", async () => {
    answers.steps = [...steps];
    const { out } = await tsrun(["plan", "-f", "json"]);
    expect(out).toContain('"soft": 18446744073709551615');
    const objects = JSON.parse(out);
    expect(objects[0]).toEqual({
      index: 0,
      step: "setHostname",
      by: "init",
      from: "/hostname",
      text: "set hostname web",
      name: "web",
    });
    expect(objects[4]).toMatchObject({ filter: "AQID/w==", flags: 0 });
  });
});

describe("before the command", () => {
  let root = "";
  beforeEach(() => {
    answers.onCall = (_, context) => {
      root = context.root;
    };
  });

  test.each([
    ["root", [], 0, ["XDG_RUNTIME_DIR=/run/user/0"], "/run/tsrun"],
    ["others", [], 1000, ["A=1", "XDG_RUNTIME_DIR=/run/user/1000"], "/run/user/1000/tsrun"],
    ["others without a folder", [], 1000, [], "/run/tsrun"],
    ["--root", ["--root", "/r"], 1000, [], "/r"],
    ["--root, relative", ["--root=r"], 0, [], "/home/r"],
  ])("the state of %s", async (_, words, uid, environ, expected) => {
    await tsrun([...words, "list"], { geteuid: () => uid }, environ);
    expect(root).toBe(expected);
  });

  test("--log FILE takes the whole cause as JSON, and stderr still says it", async () => {
    answers.fail = { state: new RuntimeError("E_CONTAINER_MISSING", "container does not exist") };
    const { files, err, code } = await tsrun(["--log", "/l", "--log-format", "json", "state", "nope"]);
    expect(code).toBe(1);
    expect(err).toBe("tsrun: container does not exist\n");
    const last = JSON.parse((files.get("/l") ?? "").trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ level: "error", msg: "container does not exist", code: "E_CONTAINER_MISSING" });
  });

  test("errors of the command line are logged there too", async () => {
    const { files } = await tsrun(["--log=/l", "--log-format=json", "create", "--bogus"]);
    expect(files.get("/l")).toContain('"msg":"create: unknown flag --bogus"');
  });

  test("a log that can't be opened is an error, and nothing is done", async () => {
    const port: Partial<Port> = {
      open(path) {
        throw systemError("open", 2, `open ${path}: no such file or directory`);
      },
    };
    expect(await tsrun(["--log", "/no/l", "delete", "c1"], port)).toMatchObject({
      code: 1,
      err: "tsrun: open /no/l: no such file or directory\n",
    });
    expect(calls).toEqual([]);
  });

  test("log targets that are no files do not become files", async () => {
    const datagramSocket = () => {
      throw systemError("connect", 2, "connect /there: no such file or directory");
    };
    for (const target of ["journald:x", "syslog:x"]) {
      const { code, err, files } = await tsrun(["--log", target, "list"], { datagramSocket });
      expect([code, err, files.size]).toEqual([1, "tsrun: connect /there: no such file or directory\n", 0]);
    }
  });

  test.each([
    [["--systemd-cgroup"], 0, "--systemd-cgroup"],
    [["--cgroup-manager", "systemd"], 0, "--cgroup-manager systemd"],
    [["--cgroup-manager=disabled"], 0, "--cgroup-manager disabled"],
    [["--rootless=true"], 0, "--rootless true for user 0"],
    [["--rootless", "false"], 1000, "--rootless false for user 1000"],
  ])("%j is refused where it means something, and only there", async (words, uid, text) => {
    const port = { geteuid: () => uid };
    for (const verb of ["create", "run", "plan", "exec"]) {
      const given = verb === "exec" ? ["c1", "ls"] : ["c1"];
      expect((await tsrun([...words, verb, ...given], port)).err).toBe(
        `tsrun: ${text}: not supported by this version\n`,
      );
    }
    expect(calls).toEqual([]);
    expect((await tsrun([...words, "delete", "c1"], port)).code).toBe(0);
  });

  test("what changes nothing is taken", async () => {
    const words = ["--systemd-cgroup=false", "--cgroup-manager=cgroupfs", "--rootless=false", "create", "c1"];
    expect((await tsrun(words)).code).toBe(0);
    expect((await tsrun(["--rootless=auto", "create", "c2"])).code).toBe(0);
  });

  test("--debug logs every step; without it nothing listens", async () => {
    let listens = true;
    answers.onCall = (_, context) => {
      listens = context.onStep !== undefined;
      context.onStep?.({ index: 3, by: "init", text: "pivot root", from: "/root", at: 5 });
    };
    expect((await tsrun(["--debug", "create", "c1"])).err).toBe("tsrun: debug: pivot root\n");
    await tsrun(["create", "c1"]);
    expect(listens).toBe(false);
  });

  test("--trace FILE writes what was walked as Chrome events, also when it failed", async () => {
    answers.onCall = (_, context) => {
      context.onStep?.({ index: 0, by: "parent", text: "save state creating", from: "", at: 1500 });
      context.onStep?.({ index: 1, by: "init", text: "pivot root", from: "/root", at: 1800.5 });
    };
    answers.fail = { create: new RuntimeError("E_MOUNT", "mount failed") };
    const { files, code, err } = await tsrun(["--trace", "/t", "create", "c1"]);
    expect([code, err]).toEqual([1, "tsrun: mount failed\n"]);
    expect(JSON.parse(files.get("/t") ?? "")).toEqual([
      {
        name: "save state creating",
        cat: "step",
        ph: "X",
        ts: 1000,
        dur: 500,
        pid: 77,
        tid: 0,
        args: { index: 0, by: "parent", from: "" },
      },
      {
        name: "pivot root",
        cat: "step",
        ph: "X",
        ts: 1500,
        dur: 300.5,
        pid: 77,
        tid: 2,
        args: { index: 1, by: "init", from: "/root" },
      },
    ]);
  });

  test("a warning of the container room reaches stderr with its pointer", async () => {
    answers.onCall = (_, context) => context.onWarning("unknown key maskedPath", "/linux");
    expect((await tsrun(["create", "c1"])).err).toBe("tsrun: warning: unknown key maskedPath (config.json /linux)\n");
  });
});

describe("usage", () => {
  test.each([
    [["sp", "c1"], 'unknown command "sp"'],
    [["creat", "c1"], 'unknown command "creat" (did you mean "create"?)'],
    [["help", "bogus"], 'unknown command "bogus"'],
    [["create"], "create: <container-id> is expected, got 0 arguments"],
    [["delete"], "delete: either container ids or --all-stopped is expected"],
    [["delete", "--all-stopped", "a"], "delete: either container ids or --all-stopped is expected"],
    [["start", "a", "b"], "start: <container-id> is expected, got 2 arguments"],
    [["list", "x"], "list: no argument is expected, got 1 argument"],
    [["kill"], "kill: <container-id> [signal] is expected, got 0 arguments"],
    [["--bogus"], "unknown flag --bogus"],
    [["--log-format=xml", "list"], "--log-format xml: must be one of text, json"],
  ])("%j", async (words, message) => {
    expect(await tsrun(words)).toMatchObject({ code: 1, out: "", err: `tsrun: ${message}\n` });
    expect(calls).toEqual([]);
  });

  test("help where no host can lay it out", async () => {
    expect(await tsrun(["help"])).toMatchObject({ code: 1, err: "tsrun: help: not part of this build\n" });
  });

  test("a fault of tsrun itself is one line", async () => {
    answers.fail = { state: new TypeError("undefined is\nnot a function") };
    expect(await tsrun(["state", "c1"])).toMatchObject({
      code: 1,
      err: "tsrun: internal error: undefined is not a function\n",
    });
  });
});
