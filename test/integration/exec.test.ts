import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { type Outcome, succeeded, until } from "../../bundles/command.ts";
import type { Container } from "../../bundles/container.ts";
import { useBox } from "../support/container.ts";
import { isCrun, unlessPeer } from "../support/runtime.ts";

const box = useBox();
let running: Container;

beforeAll(async () => {
  running = await box.container((c) => {
    c.process.args = ["sleep", "1000"];
    c.process.env.push("COLOUR=blue");
    c.process.cwd = "/etc";
    c.linux.resources.pids = { limit: 100 };
  });
  await running.launch();
});

async function out(script: string, flags: readonly string[] = []): Promise<string> {
  return succeeded(await running.exec(["sh", "-c", script], flags)).stdout.trimEnd();
}

function processFile(change: Record<string, unknown>): string {
  const path = join(running.bundle, `${box.session.unique()}.json`);
  const base = { terminal: false, user: { uid: 0, gid: 0 }, cwd: "/", env: ["PATH=/bin"], args: ["true"] };
  writeFileSync(path, JSON.stringify({ ...base, ...change }));
  return path;
}

const withProcess = (change: Record<string, unknown>, flags: readonly string[] = []): Promise<Outcome> =>
  box.session.call(["exec", "--process", processFile(change), ...flags, running.id]);

test("joins all namespaces, the cgroups and the root of the container", async () => {
  const { pid } = await running.state();
  const inside = await out("for n in ipc mnt net pid uts; do readlink /proc/self/ns/$n; done; cat /proc/1/comm");
  const outside = ["ipc", "mnt", "net", "pid", "uts"].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  expect(inside.split("\n")).toEqual([...outside, "sleep"]);
  expect(await out("cat /sys/fs/cgroup/pids/cgroup.procs | wc -l; grep :pids: /proc/self/cgroup")).toMatch(
    new RegExp(`^[34]\\n\\d+:pids:${running.config.linux.cgroupsPath}$`),
  );
});

unlessPeer(["crun"], "starts in /")("takes environment and cwd from the container's process", async () => {
  expect(await out("echo $COLOUR; pwd")).toBe("blue\n/etc");
});

unlessPeer(["crun"], "drops the container's environment then")(
  "-e adds to the environment, --cwd changes the folder",
  async () => {
    expect(await out("echo $COLOUR $SHAPE; pwd", ["-e", "SHAPE=round", "-e", "COLOUR=red", "--cwd", "/tmp"])).toBe(
      "red round\n/tmp",
    );
  },
);

test.each([
  ["1000", "1000 0"],
  ["1000:1001", "1000 1001"],
  ["0:5", "0 5"],
])("-u %s", async (user, expected) => {
  expect(await out("echo $(id -u) $(id -g)", ["-u", user])).toBe(expected);
});

for (const user of ["root", "1e3", "-1", "0x0", "1000:", ":1000", "1 ", "99999999999", "4294967296", "4294967295"]) {
  const reason = "reads some of these forms as another id (CVE-2026-30892)";
  unlessPeer(["runc", "crun"], reason)(`-u ${JSON.stringify(user)} is refused`, async () => {
    const outcome = await running.exec(["id", "-u"], ["-u", user]);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stdout).toBe("");
  });
}

test("HOME is that of the user", async () => {
  expect(await out("echo $HOME", ["-u", "1000"])).toBe("/home/user");
});

test.each([0, 1, 42, 255])("ends with the command's status %d", async (status) => {
  expect((await running.exec(["sh", "-c", `exit ${status}`])).code).toBe(status);
});

test("ends with 128 + n for a signal", async () => {
  expect((await running.exec(["sh", "-c", "kill -9 $$"])).code).toBe(137);
});

test("a command that is not there, and one that can't be run", async () => {
  const missing = await running.exec(["no-such-command"]);
  expect(missing.code).toBe(255);
  expect(missing.stderr).toContain("executable file");
  const denied = await running.exec(["/etc/passwd"]);
  expect(denied.code).toBe(255);
  expect(denied.stderr.toLowerCase()).toContain("permission denied");
});

test("stdin, stdout and stderr are passed on", async () => {
  const outcome = await running.exec(["sh", "-c", "cat; echo err >&2"], [], { input: "in\n" });
  expect([outcome.stdout, outcome.stderr]).toEqual(["in\n", "err\n"]);
});

const sets = (text: string): string[] => [...text.matchAll(/^Cap(?:Inh|Prm|Bnd):\t(.*)$/gm)].map((m) => m[1] ?? "");

test("capabilities are the container's", async () => {
  expect(sets(await out("cat /proc/self/status"))).toEqual([
    "0000000000000000",
    "0000000020000420",
    "0000000020000420",
  ]);
});

unlessPeer(["crun"], "puts it in place of the others")(
  "--cap adds to the capabilities, inheritable stays empty (CVE-2022-29162)",
  async () => {
    const added = sets(await out("cat /proc/self/status", ["--cap", "CAP_SYS_CHROOT"]));
    expect(added).toEqual(["0000000000000000", "0000000020040420", "0000000020040420"]);
  },
);

unlessPeer(["crun"], "leaves it out")("noNewPrivileges is the container's", async () => {
  expect(await out("grep NoNewPrivs /proc/self/status")).toMatch(/\s1$/);
});

test("--process gives the whole process", async () => {
  const outcome = await withProcess({
    args: ["sh", "-c", "id -u; id -g; pwd; echo $A; ulimit -c; grep CapBnd /proc/self/status; exit 5"],
    user: { uid: 7, gid: 8 },
    cwd: "/tmp",
    env: ["PATH=/bin", "A=b"],
    rlimits: [{ type: "RLIMIT_CORE", soft: 512, hard: 1024 }],
    capabilities: { bounding: ["CAP_KILL"] },
  });
  expect(outcome.code).toBe(5);
  expect(outcome.stdout.trim().split("\n")).toEqual(["7", "8", "/tmp", "b", "1", "CapBnd:\t0000000000000020"]);
});

unlessPeer(["runc"], "leaves both to the container's process")("--process gives umask and RLIMIT_NOFILE", async () => {
  const outcome = await withProcess({
    args: ["sh", "-c", "umask; ulimit -n"],
    user: { uid: 0, gid: 0, umask: 0o077 },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 50, hard: 60 }],
  });
  expect(outcome.stdout).toBe("0077\n50\n");
});

test("--process takes its own environment, not the container's", async () => {
  const outcome = await withProcess({ args: ["sh", "-c", "echo [$COLOUR]"] });
  expect(outcome.stdout).toBe("[]\n");
});

test("--process that is not JSON is an error", async () => {
  const path = join(running.bundle, "broken.json");
  writeFileSync(path, "{");
  const outcome = await box.session.call(["exec", "--process", path, running.id]);
  expect(outcome.code).not.toBe(0);
});

test("--detach returns, --pid-file has the pid", async () => {
  const file = join(running.bundle, "exec.pid");
  const flags = ["--detach", "--pid-file", file];
  const outputTo = { stdout: join(running.bundle, "exec.out"), stderr: join(running.bundle, "exec.err") };
  succeeded(await running.exec(["sleep", "77777"], flags, { outputTo }));
  const pid = Number(readFileSync(file, "utf8"));
  const command = (): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");
  await until("the exec", () => (command() === "sleep\u000077777\u0000" ? true : undefined));
  process.kill(pid, "SIGKILL");
});

test("exec in a created container works or is refused, never half", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
  });
  succeeded(await c.create());
  const outcome = await c.exec(["echo", "early"]);
  expect(outcome.code === 0 ? outcome.stdout : "early\n").toBe("early\n");
  expect((await c.state()).status).toBe("created");
});

test("exec in a stopped container is refused", async () => {
  const c = await box.container((config) => {
    config.process.args = ["true"];
  });
  await c.launch();
  await c.reaches("stopped");
  const outcome = await c.exec(["true"]);
  expect(outcome.code).toBe(isCrun ? 1 : 255);
  expect(outcome.stderr).toMatch(/not running|stopped/);
});

test("what was exec'ed ends with the container", async () => {
  const c = await box.container((config) => {
    config.process.args = ["sleep", "100"];
  });
  await c.launch();
  const file = join(c.bundle, "pid");
  const outputTo = { stdout: "/dev/null", stderr: join(c.bundle, "err") };
  succeeded(await c.exec(["sleep", "100"], ["--detach", "--pid-file", file], { outputTo }));
  const pid = Number(readFileSync(file, "utf8"));
  succeeded(await c.delete(["--force"]));
  await until("the end of the exec'ed process", () => {
    try {
      return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")) ? true : undefined;
    } catch {
      return true;
    }
  });
});

test("nothing is read as an option after the id", async () => {
  expect(succeeded(await running.exec(["echo", "-n", "--help", "-u", "1e3"])).stdout).toBe("--help -u 1e3");
});
