import { mkdtempSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import "../../runtime/host/node.ts";
import { port } from "../../runtime/host/port.ts";
import { ECONNREFUSED, ENAMETOOLONG, ENOENT } from "../../runtime/linux/errno.ts";

const top = mkdtempSync(join(tmpdir(), "tsrun-datagrams-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const [major = 0, minor = 0] = release().split(".").map(Number);
const tells = major > 6 || (major === 6 && minor >= 15);
const code = (call: () => unknown): number => {
  try {
    call();
  } catch (error) {
    return (error as { errno: number }).errno;
  }
  return 0;
};

describe("datagrams", () => {
  for (const name of [join(top, "s"), `@tsrun-test-${process.pid}`]) {
    test(`arrive one by one at ${name.startsWith("@") ? "an abstract name" : "a path"}`, async () => {
      const server = port().datagramSocket(name, "");
      const client = port().datagramSocket("", name);
      for (const text of ["one", "two"]) port().send(client, port().encode(text));
      expect(await port().wait(server, "read")).toBe(true);
      const next = () => port().receive(server, 100);
      expect(port().decode(next() ?? new Uint8Array(0))).toBe("one");
      expect(port().decode(next() ?? new Uint8Array(0))).toBe("two");
      expect(next()).toBeNull();
      for (const fd of [server, client]) port().close(fd);
    });
  }

  test("nobody there, and a name that is too long", () => {
    expect(code(() => port().datagramSocket("", join(top, "none")))).toBe(ENOENT);
    expect(code(() => port().datagramSocket("", `@tsrun-none-${process.pid}`))).toBe(ECONNREFUSED);
    expect(code(() => port().datagramSocket(join(top, "x".repeat(108)), ""))).toBe(ENAMETOOLONG);
  });
});

test("a descriptor arrives as one of the same file", () => {
  const [one, other] = port().socketPair();
  const file = port().memfd("sent");
  port().sendDescriptor(one, file, port().encode("here"));
  const received = port().receiveDescriptor(other) ?? -1;
  expect(received).not.toBe(file);
  expect(port().fstat(received).ino).toBe(port().fstat(file).ino);
  for (const fd of [one, other, file, received]) port().close(fd);
});

test("an eventfd is readable while it has been raised", async () => {
  const fd = port().eventfd();
  expect(await port().wait(fd, "read", port().monotonic() + 10_000)).toBe(false);
  port().write(fd, new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0]));
  expect(await port().wait(fd, "read")).toBe(true);
  expect([...port().read(fd, 8)]).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
  expect(await port().wait(fd, "read", port().monotonic() + 10_000)).toBe(false);
  port().close(fd);
});

for (const [script, expected] of [
  ["exit 5", { exited: 5, signal: null }],
  ["kill -9 $$", { exited: null, signal: 9 }],
] as const) {
  const name = `how a process ended is known to others once it is reaped: ${script}`;
  (tells ? test : test.skip)(`${name}${tells ? "" : " [skipped: needs Linux 6.15]"}`, async () => {
    const args = ["sh", "-c", `sleep 0.1; ${script}`];
    const { pidfd, output } = port().spawn({ path: "/bin/sh", args, env: [], cwd: "", input: new Uint8Array(0) });
    expect(port().pidfdExit(pidfd)).toBeNull();
    await port().wait(pidfd, "read");
    expect(port().pidfdExit(pidfd)).toBeNull();
    expect(port().waitPidfd(pidfd)).toEqual(expected);
    expect(port().pidfdExit(pidfd)).toEqual(expected);
    for (const fd of [pidfd, output]) port().close(fd);
  });
}
