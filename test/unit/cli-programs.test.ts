/** run and exec: what they ask of the container API, and how they stand in for the program. */
import { beforeEach, describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import type { Port } from "../../runtime/host/port.ts";
import { signalling, tsrun } from "../support/command-line.ts";
import { answers, calls, resetContainers } from "../support/fake-containers.ts";

beforeEach(resetContainers);

describe("run", () => {
  test("in the foreground: create, start, wait, delete, and the program's code", async () => {
    answers.exit = async () => 7;
    expect(await tsrun(["run", "c1"], signalling())).toMatchObject({ code: 7, err: "" });
    expect(calls.map(([name]) => name)).toEqual(["create", "start", "delete", "close"]);
    expect(calls[2]).toEqual(["delete", "c1", { force: true }]);
  });

  test("passes signals on until the program has ended", async () => {
    let end: (code: number) => void = () => undefined;
    answers.exit = () => new Promise((resolve) => (end = resolve));
    const signals = signalling(15, 28, 34);
    const wait = signals.wait as Port["wait"];
    let waits = 0;
    const port = {
      ...signals,
      wait: (...given: Parameters<Port["wait"]>) => {
        if (++waits === 2) end(143);
        return wait(...given);
      },
    };
    expect((await tsrun(["run", "--keep", "c1"], port)).code).toBe(143);
    expect(calls.filter(([name]) => name === "signal")).toEqual([
      ["signal", 15],
      ["signal", 28],
      ["signal", 34],
    ]);
  });

  test("--keep leaves the container, --detach returns at once and holds no signals", async () => {
    await tsrun(["run", "--keep", "c1"], signalling());
    await tsrun(["run", "-d", "c1"]);
    expect(calls.map(([name]) => name)).toEqual(["create", "start", "keep", "close", "create", "start", "close"]);
    expect(calls[2]).toEqual(["keep", "c1", 0]);
  });

  test("a start that fails deletes the container and tells why", async () => {
    answers.fail = { start: new RuntimeError("E_HOOK_FAILED", "hook failed", { pointer: "/hooks/poststart/0" }) };
    expect(await tsrun(["run", "--keep", "c1"], signalling())).toMatchObject({
      code: 1,
      err: "tsrun: hook failed (config.json /hooks/poststart/0)\n",
    });
    expect(calls.map(([name]) => name)).toEqual(["create", "start", "delete", "close"]);
  });

  test("a delete that fails hides neither the code nor the cause", async () => {
    answers.exit = async () => 3;
    answers.fail = { delete: new RuntimeError("E_CGROUP", "cgroup is busy") };
    const left = "tsrun: warning: run: container c1 is left behind: cgroup is busy\n";
    expect(await tsrun(["run", "c1"], signalling())).toMatchObject({ code: 3, err: left });
    answers.fail = { ...answers.fail, start: new RuntimeError("E_INIT_LOST", "init ended") };
    expect(await tsrun(["run", "c1"], signalling())).toMatchObject({ code: 1, err: `${left}tsrun: init ended\n` });
  });

  test("a create that fails has nothing to delete", async () => {
    answers.fail = { create: new RuntimeError("E_CONTAINER_EXISTS", "container with given ID already exists") };
    expect((await tsrun(["run", "c1"], signalling())).code).toBe(1);
    expect(calls.map(([name]) => name)).toEqual(["create"]);
  });
});

describe("exec", () => {
  test("every flag arrives, and the program's words are its own", async () => {
    const flags = ["--cwd", "/w", "-e", "A=b,c", "--env=D=", "-u", "1:2", "-g", "3", "-g=4", "-c", "CAP_KILL"];
    answers.exit = async () => 5;
    const words = ["exec", ...flags, "--no-new-privs", "--pid-file", "/p", "--preserve-fds=1", "c1", "ls", "-la", "-e"];
    expect((await tsrun(words, signalling())).code).toBe(5);
    expect(calls[0]).toEqual([
      "exec",
      {
        id: "c1",
        args: ["ls", "-la", "-e"],
        cwd: "/w",
        env: ["A=b,c", "D="],
        user: { uid: 1, gid: 2 },
        additionalGids: [3, 4],
        capabilities: ["CAP_KILL"],
        noNewPrivileges: true,
        pidFile: "/p",
        preserveFds: 1,
        terminal: false,
        console: { kind: "caller", plain: true },
      },
    ]);
  });

  test("a terminal of the caller's size, raw where it is typed and seen", async () => {
    const seat = { isatty: () => true, terminalSize: () => ({ height: 24, width: 80 }) };
    await tsrun(["exec", "--tty", "c1", "sh"], { ...signalling(), ...seat });
    const console = { kind: "caller", plain: false, size: { height: 24, width: 80 } };
    expect(calls[0]).toEqual(["exec", expect.objectContaining({ terminal: true, console })]);
  });

  test("--tty beside a whole process that has no terminal is told, not obeyed", async () => {
    const text = '{"cwd":"/","args":["id"],"user":{"uid":0,"gid":0}}';
    const words = ["exec", "-d", "--tty", "--process", "/p.json", "c1"];
    const { code, err } = await tsrun(words, { readJson: () => text });
    const told = "tsrun: warning: exec: --tty has no effect: the process asks for no terminal (/p.json /terminal)\n";
    expect([code, err]).toEqual([0, told]);
    const seated = await tsrun(words, { readJson: () => text.replace("{", '{"terminal":true,') });
    expect([seated.code, seated.err]).toEqual([0, ""]);
  });

  test("a terminal for a console socket", async () => {
    await tsrun(["exec", "-d", "-t", "--console-socket", "/s", "c1", "sh"]);
    const console = { kind: "socket", path: "/s" };
    expect(calls[0]).toEqual(["exec", expect.objectContaining({ terminal: true, console })]);
    expect(await tsrun(["exec", "-t", "--console-socket=/s", "c1", "sh"])).toMatchObject({
      code: 255,
      err: "tsrun: --console-socket is for --detach: in the foreground the terminal is tsrun's own\n",
    });
  });

  test("what is not said is left to the container", async () => {
    await tsrun(["exec", "-d", "c1", "--", "ls"]);
    const empty = { cwd: undefined, user: undefined, noNewPrivileges: undefined, env: [], capabilities: [] };
    expect(calls).toEqual([["exec", expect.objectContaining({ id: "c1", args: ["ls"], ...empty })], ["close"]]);
  });

  test("--process FILE is the whole process; unknown keys are told with the file's name", async () => {
    const text = '{"cwd":"/","args":["id"],"user":{"uid":0,"gid":0},"typo":1}';
    const outcome = await tsrun(["exec", "-d", "--process", "/p.json", "c1"], { readJson: () => text });
    expect(outcome.code).toBe(0);
    expect(outcome.err).toMatch(/^tsrun: warning: exec: .*typo.* \(\/p\.json \/typo\)\n$/);
    expect(calls[0]).toEqual([
      "exec",
      expect.objectContaining({ id: "c1", process: expect.objectContaining({ args: ["id"] }) }),
    ]);
  });

  test.each([
    [["c1"], "exec: neither a program nor --process is given"],
    [["-p", "/f", "c1", "ls"], "exec: --process names the whole process, but a program is also given"],
    [
      ["-p", "/f", "-u", "0", "--cap", "X", "c1"],
      "exec: --process names the whole process, but --user, --cap is also given",
    ],
    [["-u", "1a", "c1", "id"], "--user 1a: not UID or UID:GID with numbers from 0 to 4294967294"],
    [["-g", "x", "c1", "id"], "exec: --additional-gids x: not a group id"],
    [["-e", "A", "c1", "id"], "exec: --env A: not of the form NAME=VALUE"],
    [["-e", "=A", "c1", "id"], "exec: --env =A: not of the form NAME=VALUE"],
  ])("%j is refused with 255", async (words, message) => {
    expect(await tsrun(["exec", ...words])).toMatchObject({ code: 255, err: `tsrun: ${message}\n` });
    expect(calls).toEqual([]);
  });

  test("the runtime's own failure is 255, of the command line 1", async () => {
    answers.fail = { exec: new RuntimeError("E_STATE_WRONG", "cannot exec in a stopped container") };
    expect((await tsrun(["exec", "c1", "ls"], signalling())).code).toBe(255);
    expect((await tsrun(["exec"])).code).toBe(1);
    expect((await tsrun(["exec", "--zzz", "c1"])).code).toBe(1);
  });
});
