import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import "../../runtime/host/node.ts";
import { port } from "../../runtime/host/port.ts";

const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const MILLISECOND = 1000;
const SECOND = 1000 * MILLISECOND;
const soon = (milliseconds: number) => port().monotonic() + milliseconds * MILLISECOND;

let made = 0;
/** Both ends of a FIFO in one descriptor: readable once something is written to it. */
function fifo(): number {
  const path = `/tmp/tsrun-wait-${process.pid}-${made++}`;
  port().mkfifo(path, 0o600);
  const fd = port().open(path, O_RDWR);
  port().unlink(path);
  return fd;
}

const flagsOf = (fd: number) =>
  Number.parseInt(/flags:\s+(\d+)/.exec(port().readFile(`/proc/self/fdinfo/${fd}`, 4096))?.[1] ?? "", 8);

describe("wait", () => {
  test("what is ready, what gets ready, and what does not", async () => {
    const fd = fifo();
    expect(await port().wait(fd, "write")).toBe(true);
    expect(await port().wait(fd, "read", soon(20))).toBe(false);
    const waiting = port().wait(fd, "read", soon(5000));
    port().write(fd, "x");
    expect(await waiting).toBe(true);
    expect(await port().wait(fd, "read")).toBe(true);
    port().close(fd);
  });

  test("a deadline in the past tells what is ready now", async () => {
    const fd = fifo();
    expect(await port().wait(fd, "read", 0)).toBe(false);
    port().write(fd, "x");
    expect(await port().wait(fd, "read", 0)).toBe(true);
    port().close(fd);
  });

  test("a hung-up peer and a regular file are ready", async () => {
    const { pidfd, output } = port().spawn({
      path: "/bin/true",
      args: ["true"],
      env: [],
      cwd: "",
      input: new Uint8Array(),
    });
    expect(await port().wait(output, "read", soon(5000))).toBe(true);
    expect(port().read(output, 1).length).toBe(0);
    expect(await port().wait(pidfd, "read", soon(5000))).toBe(true);
    port().waitPidfd(pidfd);
    const file = port().open("/etc/passwd", 0);
    expect(await port().wait(file, "read")).toBe(true);
    for (const fd of [pidfd, output, file]) port().close(fd);
  });

  test("several wait for one descriptor, each for its own event and time", async () => {
    const fd = fifo();
    const early = port().wait(fd, "read", soon(20));
    const late = port().wait(fd, "read", soon(5000));
    const also = port().wait(fd, "read");
    expect(await port().wait(fd, "write")).toBe(true);
    expect(await early).toBe(false);
    port().write(fd, "x");
    expect(await Promise.all([late, also])).toEqual([true, true]);
    port().close(fd);
  });

  test("100 at once, half of them in vain, and none blocks the others", async () => {
    const fds = Array.from({ length: 100 }, fifo);
    const deadline = soon(150);
    const waits = fds.map((fd) => port().wait(fd, "read", deadline));
    for (const [index, fd] of fds.entries()) if (index % 2 === 0) port().write(fd, "x");
    const found = await Promise.all(waits);
    expect(found).toEqual(fds.map((_, index) => index % 2 === 0));
    expect(port().monotonic()).toBeGreaterThanOrEqual(deadline);
    expect(port().monotonic()).toBeLessThan(deadline + SECOND);
    for (const fd of fds) port().close(fd);
  });

  test("who is always ready does not starve the others", async () => {
    const busy = fifo();
    port().write(busy, "x");
    let done = false;
    const turns = (async () => {
      while (!done) await port().wait(busy, "read");
    })();
    await port().sleep(soon(20));
    done = true;
    await turns;
    port().close(busy);
  });

  test("descriptors stay as blocking as they were: others share them", async () => {
    const fd = fifo();
    await port().wait(fd, "write");
    await port().wait(fd, "read", soon(5));
    expect(flagsOf(fd) & O_NONBLOCK).toBe(0);
    port().setNonblocking(fd);
    expect(flagsOf(fd) & O_NONBLOCK).toBe(O_NONBLOCK);
    port().close(fd);
  });

  test("closing a descriptor ends the waits for it", async () => {
    const fd = fifo();
    const waiting = port().wait(fd, "read");
    port().close(fd);
    await expect(waiting).rejects.toMatchObject({ syscall: "wait", errno: 9 });
    await expect(port().wait(fd, "read")).rejects.toMatchObject({ syscall: "epoll_ctl", errno: 9 });
  });

  test("sleep never ends early", async () => {
    for (const microseconds of [0, 300, 1100, 5300]) {
      const deadline = port().monotonic() + microseconds;
      await port().sleep(deadline);
      expect(port().monotonic()).toBeGreaterThanOrEqual(deadline);
    }
  });
});

describe("the process", () => {
  const host = new URL("../../runtime/host/", import.meta.url).href;
  const run = (script: string) => {
    const text = `import { port } from "${host}port.js"; import "${host}node.js"; ${script}`;
    return spawnSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8", timeout: 20_000 });
  };

  test("stays alive while something waits, and ends when nothing does", () => {
    const lasting = run(`
      const { pidfd, output } = port().spawn({ path: "/bin/sh", args: ["sh", "-c", "sleep 0.2"], env: ["PATH=/bin:/usr/bin"], cwd: "", input: new Uint8Array() });
      port().wait(pidfd, "read").then(() => port().write(1, "ended"));`);
    expect(lasting).toMatchObject({ stdout: "ended", stderr: "", status: 0 });
  });

  test("a worker may wait too, and ends with its waits open", () => {
    const { stdout, stderr, status } = run(`
      import { Worker } from "node:worker_threads";
      const code = 'import { port } from "${host}port.js"; import "${host}node.js"; port().wait(port().signalfd([]), "read"); await port().sleep(port().monotonic() + 20000); port().write(1, "slept"); process.exit(0)';
      const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(code)));
      worker.on("exit", (code) => port().write(1, " exit " + code));`);
    expect({ stdout, stderr, status }).toEqual({ stdout: "slept exit 0", stderr: "", status: 0 });
  });
});
