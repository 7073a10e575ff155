import { beforeEach, describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import type { Port } from "../../runtime/host/port.ts";
import { answers, calls, resetContainers } from "../support/fake-containers.ts";
import { fakePort } from "../support/fake-port.ts";

const { main } = await import("../../runtime/main.ts");
const { linesOf } = await import("../../runtime/commands/ps.ts");

async function tsrun(words: readonly string[], port: Partial<Port> = {}, environ: readonly string[] = []) {
  const { fds } = fakePort(words, environ, port);
  const code = await main();
  return { code, out: fds.get(1) ?? "", err: fds.get(2) ?? "" };
}

beforeEach(resetContainers);

describe("several containers", () => {
  test("delete takes as many as it is given", async () => {
    expect(await tsrun(["delete", "a", "b", "--force"])).toEqual({ code: 0, out: "", err: "" });
    expect(calls).toEqual([
      ["delete", "a", { force: true }],
      ["delete", "b", { force: true }],
    ]);
  });

  test("one that can't be deleted does not save the others", async () => {
    answers.fail = { delete: new RuntimeError("E_STATE_WRONG", "no") };
    expect(await tsrun(["delete", "a", "b"])).toEqual({ code: 1, out: "", err: "tsrun: warning: no\ntsrun: no\n" });
    expect(calls).toHaveLength(2);
  });

  test("--regex and --all-stopped choose them", async () => {
    await tsrun(["delete", "--regex", "^m", "m2"]);
    await tsrun(["delete", "--all-stopped"]);
    await tsrun(["kill", "-r", "-a", "^m", "HUP"]);
    expect(calls).toEqual([
      ["matching", "^m"],
      ["matching", "m2"],
      ["delete", "m1", { force: false }],
      ["delete", "m2", { force: false }],
      ["stopped"],
      ["delete", "s1", { force: false }],
      ["delete", "s2", { force: false }],
      ["matching", "^m"],
      ["kill", "m1", 1, { all: true }],
      ["kill", "m2", 1, { all: true }],
    ]);
  });
});

test("pause, resume, kill 0, exec --ignore-paused", async () => {
  for (const words of [
    ["pause", "c1"],
    ["resume", "c1"],
    ["kill", "c1", "0"],
  ])
    expect((await tsrun(words)).code).toBe(0);
  await tsrun(["exec", "-d", "--ignore-paused", "c1", "ls"]);
  expect(calls.slice(0, 3)).toEqual([
    ["pause", "c1"],
    ["resume", "c1"],
    ["kill", "c1", 0, { all: false }],
  ]);
  expect(calls[3]).toMatchObject(["exec", { id: "c1", ignorePaused: true }]);
});

describe("ps", () => {
  test("--format json prints the pids", async () => {
    answers.pids = [7, 30];
    expect(await tsrun(["ps", "-f", "json", "c1"])).toEqual({ code: 0, out: "[7,30]\n", err: "" });
  });

  test("the table keeps its head and the lines of the pids, wherever the column is", () => {
    const table = "  PID COMMAND\n    7 init\n   70 other\n   30 sh 7\n";
    expect(linesOf(table, [7, 30])).toBe("  PID COMMAND\n    7 init\n   30 sh 7\n");
    expect(linesOf("UID PID\nroot 7\n7 8\n", [7])).toBe("UID PID\nroot 7\n");
    expect(linesOf("PID\n", [7])).toBe("PID\n");
    expect(() => linesOf("COMMAND\nps\n", [7])).toThrow("no PID column");
  });

  test("the host's ps gets the options, and its failure is ours", async () => {
    const spawned: string[][] = [];
    const port = (output: string, exited: number): Partial<Port> => {
      const chunks = [output, ""].map((text) => new TextEncoder().encode(text));
      return {
        access: (path) => {
          if (path !== "/b/ps") throw Object.assign(new Error("no"), { syscall: "faccessat", errno: 2 });
        },
        spawn: ({ path, args }) => {
          spawned.push([path, ...args]);
          return { pid: 5, pidfd: 6, output: 8 };
        },
        wait: async () => true,
        read: () => chunks.shift() ?? new Uint8Array(0),
        waitPidfd: () => ({ exited, signal: null }),
      };
    };
    answers.pids = [7];
    const path = ["PATH=relative:/a:/b"];
    expect((await tsrun(["ps", "c1", "-o", "pid"], port("PID\n7\n8\n", 0), path)).out).toBe("PID\n7\n");
    expect((await tsrun(["ps", "c1"], port("PID\n", 0), path)).code).toBe(0);
    expect(spawned).toEqual([
      ["/b/ps", "ps", "-o", "pid"],
      ["/b/ps", "ps", "-ef"],
    ]);
    const failed = await tsrun(["ps", "c1", "-z"], port("error: bad\nUsage\n", 1), path);
    expect(failed).toEqual({ code: 1, out: "", err: "tsrun: ps -z: ended with 1: error: bad\n" });
    const absent = await tsrun(["ps", "c1"], port("", 0), ["PATH=/nowhere"]);
    expect(absent.err).toContain("no ps command");
  });
});

describe("what the environment and the service manager ask for", () => {
  const asked = async (environ: readonly string[], ...flags: string[]) => {
    await tsrun(["create", ...flags, "c1"], { getpid: () => 77 }, environ);
    return calls.find(([name]) => name === "create")?.[1];
  };

  test("sockets for this process", async () => {
    const environ = ["LISTEN_FDS=2", "LISTEN_PID=77", "LISTEN_FDNAMES=a:b"];
    expect(await asked(environ)).toMatchObject({ listenFds: { count: 2, names: "a:b" } });
  });

  test.each([
    [["LISTEN_FDS=2", "LISTEN_PID=78"]],
    [["LISTEN_FDS=2"]],
    [["LISTEN_FDS=0", "LISTEN_PID=77"]],
    [["LISTEN_FDS=x", "LISTEN_PID=77"]],
    [["LISTEN_FDS=-1", "LISTEN_PID=77"]],
    [["LISTEN_PID=77"]],
  ])("none: %j", async (environ) => {
    expect(await asked(environ)).toMatchObject({ listenFds: undefined, notify: false });
  });

  test("NOTIFY_SOCKET, --pidfd-socket, --config", async () => {
    expect(await asked(["NOTIFY_SOCKET=/n"], "--pidfd-socket", "/p", "-f", "/c")).toMatchObject({
      notify: true,
      pidfdSocket: "/p",
      config: "/c",
    });
    resetContainers();
    expect(await asked(["NOTIFY_SOCKET="])).toMatchObject({ notify: false, config: undefined });
  });
});

describe("exec --cgroup", () => {
  const subs = async (...words: string[]) => {
    await tsrun(["exec", "-d", ...words.flatMap((word) => ["--cgroup", word]), "c1", "ls"]);
    const options = calls[0]?.[1] as { cgroups?: Map<string, string> } | undefined;
    return [...(options?.cgroups ?? [])];
  };

  test("paths by controller", async () => {
    expect(await subs("/a")).toEqual([["", "/a"]]);
    resetContainers();
    expect(await subs("cpu,memory:a", "name=systemd:b:c")).toEqual([
      ["cpu", "a"],
      ["memory", "a"],
      ["name=systemd", "b:c"],
    ]);
    resetContainers();
    expect(await subs()).toEqual([]);
  });

  test.each([[["a", "b"]], [["cpu:a", "cpu:b"]], [["cpu:a", "b"]], [[":a"]], [["cpu,:a"]]])(
    "%j is refused",
    async (words) => {
      const flags = words.flatMap((word) => ["--cgroup", word]);
      expect(await tsrun(["exec", "-d", ...flags, "c1", "ls"])).toMatchObject({ code: 255 });
      expect(calls).toEqual([]);
    },
  );
});
