import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Outcome, output, PLAIN_ENV, succeeded, until } from "../../bundles/command.ts";
import { toJson } from "../../bundles/config.ts";
import type { Container } from "../../bundles/container.ts";
import type { Change } from "../../bundles/session.ts";
import { haveV1 } from "../support/cgroup.ts";
import { useBox } from "../support/container.ts";
import { isRunc, isTsrun, unlessPeer, when } from "../support/runtime.ts";

const box = useBox();

/** Prints descriptors 3 to 5, each with what can be read from it, and what LISTEN_* says. */
const SHOW = `for n in 3 4 5; do
  if [ -e /proc/self/fd/$n ]; then echo "$n $(cat <&$n)"; else echo "$n -"; fi
done; env | grep ^LISTEN_ | sort`;

const shows: Change = (c) => {
  c.process.args = ["sh", "-c", SHOW];
};

/** Runs the runtime with `count` files open from 3 on, which say one, two, three. */
async function withFiles(words: readonly string[], count: number, env: Record<string, string> = {}): Promise<Outcome> {
  const files = ["one", "two", "three"].slice(0, count).map((text) => {
    const path = join(box.session.dir, `${box.session.unique()}.txt`);
    writeFileSync(path, text);
    return openSync(path, "r");
  });
  // $$ is the runtime's own pid after exec, which LISTEN_PID has to name.
  const script = 'if [ "$LISTEN_PID" = self ]; then export LISTEN_PID=$$; fi; exec "$@"';
  const args = ["-c", script, "sh", ...box.session.argv(words)];
  const child = spawn("/bin/sh", args, { stdio: ["ignore", "pipe", "pipe", ...files], env: { ...PLAIN_ENV, ...env } });
  for (const file of files) closeSync(file);
  let [stdout, stderr] = ["", ""];
  child.stdio[1]?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stdio[2]?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { command: words.join(" "), code, signal: null, stdout, stderr, timedOut: false };
}

const runWith = async (
  flags: readonly string[],
  count: number,
  env: Record<string, string> = {},
): Promise<string[]> => {
  const c = await box.container(shows);
  const outcome = await withFiles(["run", "--bundle", c.bundle, ...flags, c.id], count, env);
  return succeeded(outcome).stdout.trim().split("\n");
};

describe("--preserve-fds", () => {
  test("none are kept without it", async () => {
    expect(await runWith([], 2)).toEqual(["3 -", "4 -", "5 -"]);
  });

  test("run keeps so many from 3 on", async () => {
    expect(await runWith(["--preserve-fds", "2"], 3)).toEqual(["3 one", "4 two", "5 -"]);
  });

  test("exec keeps so many from 3 on", async () => {
    const c = await box.container((config) => {
      config.process.args = ["sleep", "100"];
    });
    await c.launch();
    const words = ["exec", "--preserve-fds", "1", c.id, "sh", "-c", SHOW];
    expect(
      succeeded(await withFiles(words, 2))
        .stdout.trim()
        .split("\n"),
    ).toEqual(["3 one", "4 -", "5 -"]);
  });
});

describe("LISTEN_FDS", () => {
  unlessPeer(["crun"], "drops their number")(
    "sockets for this process go on to the program, which is process 1",
    async () => {
      const lines = await runWith([], 2, { LISTEN_FDS: "2", LISTEN_PID: "self" });
      expect(lines).toEqual(["3 one", "4 two", "5 -", "LISTEN_FDS=2", "LISTEN_PID=1"]);
    },
  );

  unlessPeer(["runc", "crun"], "drops the names")("with their names, and before those of --preserve-fds", async () => {
    const env = { LISTEN_FDS: "1", LISTEN_PID: "self", LISTEN_FDNAMES: "web" };
    expect(await runWith(["--preserve-fds", "1"], 3, env)).toEqual([
      "3 one",
      "4 two",
      "5 -",
      "LISTEN_FDNAMES=web",
      "LISTEN_FDS=1",
      "LISTEN_PID=1",
    ]);
  });

  unlessPeer(["crun"], "does not look at the pid")("sockets for another process stay behind", async () => {
    expect(await runWith([], 2, { LISTEN_FDS: "2", LISTEN_PID: "1" })).toEqual(["3 -", "4 -", "5 -"]);
  });

  unlessPeer(["runc", "crun"], "does not do so")("exec passes them on too", async () => {
    const c = await box.container((config) => {
      config.process.args = ["sleep", "100"];
    });
    await c.launch();
    const env = { LISTEN_FDS: "1", LISTEN_PID: "self" };
    const { stdout } = succeeded(await withFiles(["exec", c.id, "sh", "-c", SHOW], 2, env));
    expect(stdout.split("\n").slice(0, 4)).toEqual(["3 one", "4 -", "5 -", "LISTEN_FDS=1"]);
  });
});

describe("exec --cgroup", () => {
  async function withPart(): Promise<{ c: Container; part: string[] }> {
    const c = await box.container((config) => {
      config.process.args = ["sleep", "100"];
    });
    await c.launch();
    const part = ["pids", "memory", "freezer"].map((name) => `${c.cgroup(name)}/part`);
    for (const path of part) mkdirSync(path);
    return { c, part };
  }
  const onV1 = when(haveV1 && isTsrun, "needs v1 hierarchies; runc 1.1 and crun have no such flag");
  const own = "grep -E ':(pids|memory|freezer|cpu):' /proc/self/cgroup | cut -d: -f2,3 | sort";

  onV1("joins a part of some hierarchies and the container's own of the others", async () => {
    const { c, part } = await withPart();
    const path = c.config.linux.cgroupsPath;
    const flags = ["--cgroup", "pids,memory:part", "--cgroup", "freezer:/part/."];
    expect(
      succeeded(await c.exec(["sh", "-c", own], flags))
        .stdout.trim()
        .split("\n"),
    ).toEqual([`cpu:${path}`, `freezer:${path}/part`, `memory:${path}/part`, `pids:${path}/part`]);
    expect(succeeded(await c.exec(["sh", "-c", own], ["--cgroup", "/"])).stdout).toContain(`pids:${path}\n`);
    for (const folder of part) rmdirSync(folder);
  });

  onV1("what is not there, or not below, is refused and runs nothing", async () => {
    const c = await box.container((config) => {
      config.process.args = ["sleep", "100"];
    });
    await c.launch();
    for (const cgroup of ["none", "pids:none", "nosuch:x", "../x", "pids:a/../..", ":x"]) {
      const outcome = await c.exec(["echo", "ran"], ["--cgroup", cgroup]);
      expect([cgroup, outcome.code, outcome.stdout]).toEqual([cgroup, 255, ""]);
    }
    const twice = await c.exec(["echo", "ran"], ["--cgroup", "pids:a", "--cgroup", "pids:b"]);
    expect(twice.code).toBe(255);
  });
});

const python = spawnSync("python3", ["-c", "import socket; socket.recv_fds"], { env: { ...PLAIN_ENV } }).status === 0;
const listeners: ChildProcess[] = [];
afterEach(() => {
  for (const child of listeners.splice(0)) child.kill("SIGKILL");
});

/** Starts a Python script that listens at `path`: what it has printed so far, and its end. */
async function listen(script: string, path: string): Promise<{ said: () => string; ended: Promise<unknown> }> {
  const child = spawn("python3", ["-c", script, path], { stdio: ["ignore", "pipe", "inherit"], env: { ...PLAIN_ENV } });
  listeners.push(child);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until("the listener", () => (said.includes("ready\n") ? true : undefined));
  return { said: () => said.replace("ready\n", ""), ended };
}

/** A listener that prints, of the first descriptor it gets, what /proc says of its pidfd, and the data. */
const RECEIVE = `
import socket, sys, re, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.bind(sys.argv[1]); s.listen(1)
print("ready", flush=True)
c, _ = s.accept(); data, fds, _, _ = socket.recv_fds(c, 100, 1)
print(re.search(r"Pid:\\s*(\\d+)", open(f"/proc/self/fdinfo/{fds[0]}").read()).group(1), flush=True)
`;

when(python && isTsrun, "needs python 3.9; runc 1.1 and crun have no such flag")("--pidfd-socket", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
  });
  const path = join(c.bundle, "s");
  const { said, ended } = await listen(RECEIVE, path);
  succeeded(await c.create(["--pidfd-socket", path]));
  await ended;
  expect(said()).toBe(`${(await c.state()).pid}\n`);
  const refused = await c.exec(["echo", "ran"], ["--pidfd-socket", `${path}-not`]);
  expect([refused.code, refused.stdout]).toEqual([255, ""]);
  expect(refused.stderr).toContain("no such file");
});

describe("--config", () => {
  unlessPeer(["runc"], "has no such flag")("another file, and standard input", async () => {
    const c = await box.container((config) => {
      config.process.args = ["echo", "bundle"];
    });
    const text = toJson({ ...c.config, process: { ...c.config.process, args: ["echo", "other"] } });
    const file = join(c.bundle, "other.json");
    writeFileSync(file, text);
    expect(succeeded(await c.run(["--config", file])).stdout).toBe("other\n");
    expect(succeeded(await c.run(["-f", file])).stdout).toBe("other\n");
    expect(succeeded(await c.run()).stdout).toBe("bundle\n");
    if (isTsrun) expect(succeeded(await c.run(["--config", "-"], { input: text })).stdout).toBe("other\n");
    expect((await c.run(["--config", `${file}-not`])).code).toBe(1);
  });
});

/** A service manager: prints what it is told, and closes the descriptor of BARRIER=1. */
const MANAGER = `
import socket, sys, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
print("ready", flush=True)
while True:
  data, fds, _, _ = socket.recv_fds(s, 4096, 4)
  for line in data.decode().split("\\n"):
    if line: print(line, len(fds), flush=True)
  for fd in fds: os.close(fd)
  if data == b"BARRIER=1": break
`;

describe("NOTIFY_SOCKET", () => {
  const notifies: Change = (c) => {
    c.process.args = ["sh", "-c", "echo $NOTIFY_SOCKET; ls -l $NOTIFY_SOCKET; sleep 100"];
  };

  when(python && (isTsrun || isRunc), "needs python 3.9; crun does not wait")(
    "READY, MAINPID and BARRIER",
    async () => {
      const c = await box.container(notifies, { rootfs: "own" });
      const path = join(c.bundle, "n");
      const { said, ended } = await listen(MANAGER, path);
      const env = { ...PLAIN_ENV, NOTIFY_SOCKET: path };
      succeeded(await c.create([], { env }));
      const starting = box.session.call(["start", c.id], { env });
      await c.says("notify.sock");
      const { pid } = await c.state();
      const told =
        "import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); " +
        `s.connect("/proc/${pid}/root/run/notify/notify.sock"); s.send(b"STATUS=soon"); s.send(b"READY=1")`;
      await output("python3", ["-c", told]);
      succeeded(await starting);
      await until("its pid", () => (said().includes("MAINPID") ? true : undefined));
      // runc 1.1 does not wait for an answer.
      if (isTsrun) await ended;
      expect(said()).toBe(`READY=1 0\nMAINPID=${pid} 0\n${isTsrun ? "BARRIER=1 1\n" : ""}`);
      expect(await c.printed()).toMatch(/^\/run\/notify\/notify.sock\nsrwxrwxrwx /);
      succeeded(await c.delete(["--force"]));
    },
  );

  when(isTsrun || isRunc, "crun does not wait")("a program that ends before it is ready ends the wait", async () => {
    const c = await box.container(
      (config) => {
        config.process.args = ["true"];
      },
      { rootfs: "own" },
    );
    const env = { ...PLAIN_ENV, NOTIFY_SOCKET: join(c.bundle, "nobody") };
    succeeded(await c.detach([], { env, timeout: 5000 }));
    await c.reaches("stopped");
    succeeded(await c.delete());
    expect(() => readFileSync(join(box.session.root, c.id, "state.json"))).toThrow();
  });

  test("in the foreground nothing waits for it but the program", async () => {
    const change: Change = (config) => {
      config.process.args = ["sh", "-c", "echo $NOTIFY_SOCKET; exit 3"];
    };
    const c = await box.container(change, { rootfs: "own" });
    const outcome = await c.run([], { env: { ...PLAIN_ENV, NOTIFY_SOCKET: join(c.bundle, "nobody") } });
    expect([outcome.code, outcome.stdout.trim()]).toEqual([3, "/run/notify/notify.sock"]);
    if (isTsrun) expect(outcome.stderr).not.toContain("nobody");
  });

  test("without it the program is told of none", async () => {
    expect(await box.sh("echo [$NOTIFY_SOCKET]; ls -d /run/notify 2>/dev/null; true")).toBe("[]");
  });
});
