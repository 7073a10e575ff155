import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import "../../runtime/host/node.ts";
import { type ExitStatus, port, type SpawnOptions } from "../../runtime/host/port.ts";

const SIGKILL = 9;
const SIGUSR1 = 10;
const NOFILE = 7;
const CLONE_NEWPID = 0x20000000;
const SECOND = 1_000_000;

interface Outcome extends ExitStatus {
  readonly output: string;
}

const helper = (path: string, args: readonly string[], more: Partial<SpawnOptions> = {}): SpawnOptions => ({
  path,
  args,
  env: [],
  cwd: "",
  input: new Uint8Array(),
  ...more,
});
const shell = (script: string, more: Partial<SpawnOptions> = {}) => helper("/bin/sh", ["sh", "-c", script], more);

/** Runs a helper to its end, killing it at the deadline (monotonic microseconds). */
async function run(options: SpawnOptions, deadline = port().monotonic() + 20 * SECOND): Promise<Outcome> {
  const { pidfd, output } = port().spawn(options);
  let text = "";
  for (;;) {
    if (!(await port().wait(output, "read", deadline))) port().pidfdSendSignal(pidfd, SIGKILL);
    if (!(await port().wait(output, "read", deadline + SECOND))) break;
    const bytes = port().read(output, 1 << 16);
    if (bytes.length === 0) break;
    text += port().decode(bytes);
  }
  await port().wait(pidfd, "read");
  const status = port().waitPidfd(pidfd);
  port().close(output);
  port().close(pidfd);
  if (status === null) throw new Error("the pidfd is readable, but nothing has ended");
  return { ...status, output: text };
}

describe("spawn", () => {
  test("gives stdin, takes both outputs and tells the exit status", async () => {
    const input = port().encode("hello\n");
    expect(await run(shell("cat; echo err >&2; exit 3", { input }))).toEqual({
      exited: 3,
      signal: null,
      output: "hello\nerr\n",
    });
  });

  test("gives exactly the arguments, environment and working directory", async () => {
    const bytes = port().decode(new Uint8Array([0xff, 0x41]));
    const options = helper("/usr/bin/env", ["env", "sh", "-c", 'echo "$0|$A|$#|$PWD"', bytes, "", "x"], {
      env: [`A=${bytes}`, "PATH=/bin"],
      cwd: "/usr",
    });
    expect((await run(options)).output).toBe(`${bytes}|${bytes}|2|/usr\n`);
  });

  test("a program finds no descriptor but the three, and is in a group of its own", async () => {
    const script = "ls /proc/$$/fd; cut -d' ' -f5 /proc/$$/stat; echo $$";
    const { output } = await run(shell(script, { env: ["PATH=/bin:/usr/bin"] }));
    expect(output).toMatch(/^0\n1\n2\n(\d+)\n\1\n$/);
  });

  test("no signal is blocked or ignored in a program", async () => {
    const { output } = await run(helper("/bin/grep", ["grep", "-E", "SigBlk|SigIgn", "/proc/self/status"]));
    expect(output).toMatch(/^SigBlk:\s0{16}\nSigIgn:\s0{16}\n$/);
  });

  test("10 MB of output arrive whole, and input is never waited for", async () => {
    const input = new Uint8Array(1 << 20);
    const { output, exited } = await run(
      shell("head -c 10000000 /dev/zero | tr '\\0' x", { input, env: ["PATH=/bin:/usr/bin"] }),
    );
    expect(output.length).toBe(10_000_000);
    expect(exited).toBe(0);
  });

  test("a program that is killed", async () => {
    expect(await run(shell("kill -9 $$"))).toEqual({ exited: null, signal: 9, output: "" });
  });

  test("a program that hangs ends at its deadline", async () => {
    const before = port().monotonic();
    expect(await run(shell("exec sleep 60", { env: ["PATH=/bin:/usr/bin"] }), before + 100_000)).toMatchObject({
      signal: SIGKILL,
    });
    expect(port().monotonic() - before).toBeLessThan(5 * SECOND);
  });

  test.each([
    ["a missing program", helper("/none", ["none"]), "execve /none: no such file or directory"],
    ["a file that is no program", helper("/etc/passwd", ["x"]), "execve /etc/passwd: permission denied"],
    ["a missing directory", shell("true", { cwd: "/none" }), "chdir /none: no such file or directory"],
  ])("%s is an error and leaves no child", (_, options, message) => {
    const children = () => port().readFile(`/proc/self/task/${process.pid}/children`, 4096);
    const before = children();
    expect(() => port().spawn(options)).toThrow(message);
    expect(children()).toBe(before);
  });

  test("no descriptor is left open", async () => {
    await run(shell("true"));
    const before = port().readdir("/proc/self/fd").length;
    for (let round = 0; round < 5; round++) await run(shell("echo x"));
    expect(() => port().spawn(helper("/none", []))).toThrow();
    expect(port().readdir("/proc/self/fd").length).toBe(before);
  });
});

describe("other processes", () => {
  test("a running child is null, a foreign process an error", async () => {
    const { pidfd, output } = port().spawn(shell("exec sleep 60", { env: ["PATH=/bin:/usr/bin"] }));
    expect(port().waitPidfd(pidfd)).toBeNull();
    port().pidfdSendSignal(pidfd, SIGKILL);
    await port().wait(pidfd, "read");
    expect(port().waitPidfd(pidfd)).toEqual({ exited: null, signal: SIGKILL });
    expect(() => port().waitPidfd(pidfd)).toThrow("no child processes");
    for (const fd of [pidfd, output]) port().close(fd);
    const parent = port().pidfdOpen(process.ppid);
    expect(() => port().waitPidfd(parent)).toThrow("no child processes");
    port().close(parent);
  });

  test("a signal to nobody in particular is refused", () => {
    expect(() => port().kill(0, 0)).toThrow("invalid argument");
    expect(() => port().kill(-1, 0)).toThrow("invalid argument");
    port().kill(process.pid, 0);
  });

  test("signals arrive as numbers", async () => {
    const fd = port().signalfd([SIGUSR1]);
    expect(port().readSignal(fd)).toBe(0);
    port().kill(process.pid, SIGUSR1);
    expect(await port().wait(fd, "read", port().monotonic() + SECOND)).toBe(true);
    expect(port().readSignal(fd)).toBe(SIGUSR1);
    expect(port().readSignal(fd)).toBe(0);
    port().close(fd);
  });

  test("limits are exact", async () => {
    const [soft, hard] = port().getrlimit(NOFILE);
    expect(typeof soft).toBe("bigint");
    const { pid, pidfd, output } = port().spawn(shell("exec sleep 60", { env: ["PATH=/bin:/usr/bin"] }));
    port().prlimit(pid, 4, 2n ** 64n - 1n, 2n ** 64n - 1n);
    port().prlimit(pid, NOFILE, 17n, hard);
    const limits = port().readFile(`/proc/${pid}/limits`, 1 << 16);
    expect(limits).toMatch(/Max open files\s+17\s/);
    expect(limits).toMatch(/Max core file size\s+unlimited\s+unlimited/);
    port().pidfdSendSignal(pidfd, SIGKILL);
    await port().wait(pidfd, "read");
    port().waitPidfd(pidfd);
    for (const fd of [pidfd, output]) port().close(fd);
  });

  test("namespaces tell their type and owner", () => {
    const pidNamespace = port().open("/proc/self/ns/pid", 0);
    expect(port().namespaceType(pidNamespace)).toBe(CLONE_NEWPID);
    const owner = port().namespaceOwner(pidNamespace);
    expect(port().fstat(owner).ino).toBe(port().stat("/proc/self/ns/user").ino);
    for (const fd of [pidNamespace, owner]) port().close(fd);
  });
});

describe("this process", () => {
  test("arguments and environment are those of the caller, to the byte", () => {
    const script = `import { port } from ${JSON.stringify(new URL("../../runtime/host/port.js", import.meta.url).href)};
      import ${JSON.stringify(new URL("../../runtime/host/node.js", import.meta.url).href)};
      port().write(1, port().argv().join("|") + "|" + port().environ().join("|"));`;
    const command = `exec ${process.execPath} --input-type=module -e "$0" - a "$(printf 'b\\377')" ''`;
    const done = spawnSync("/bin/sh", ["-c", command, script], { env: { X: "1" }, encoding: "latin1" });
    expect(done.stderr).toBe("");
    expect(done.stdout).toMatch(/^a\|b\xff\|\|.*X=1/);
  });

  test("clocks and names", () => {
    expect(Math.abs(port().now() - Date.now())).toBeLessThan(1000);
    const before = port().monotonic();
    expect(port().monotonic()).toBeGreaterThanOrEqual(before);
    expect(port().uname().release).toMatch(/^\d+\.\d+/);
    expect(port().cwd()).toBe(process.cwd());
    expect([port().getpid(), port().geteuid(), port().getegid()]).toEqual([
      process.pid,
      process.geteuid?.(),
      process.getegid?.(),
    ]);
    expect(port().isatty(port().open("/dev/null", 0))).toBe(false);
  });
});
