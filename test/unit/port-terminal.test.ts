import "../../runtime/host/node.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { isSystemError, port } from "../../runtime/host/port.ts";
import { ECONNREFUSED, EINVAL, ENAMETOOLONG, ENOENT, ENOTTY, ERANGE } from "../../runtime/linux/errno.ts";
import { O_NOCTTY, O_RDWR } from "../../runtime/linux/flags.ts";

const EPROTO = 71;

function errnoOf(call: () => unknown): number | undefined {
  try {
    call();
  } catch (error) {
    if (isSystemError(error)) return error.errno;
    throw error;
  }
  return undefined;
}

describe("terminals", () => {
  let master: number;
  beforeAll(() => {
    master = port().open("/dev/ptmx", O_RDWR | O_NOCTTY);
  });
  afterAll(() => port().close(master));

  test("have a size, which can be changed", () => {
    expect(port().terminalSize(master)).toEqual({ height: 0, width: 0 });
    port().setTerminalSize(master, 65_535, 132);
    expect(port().terminalSize(master)).toEqual({ height: 65_535, width: 132 });
    expect(errnoOf(() => port().setTerminalSize(master, 65_536, 1))).toBe(ERANGE);
  });

  test("have a mode, which can be changed", () => {
    const mode = port().terminalMode(master);
    const changed = mode.slice();
    changed[12] = (changed[12] ?? 0) ^ 8;
    expect(port().setTerminalMode(master, changed)).toBe(true);
    expect(port().terminalMode(master)).toEqual(changed);
    expect(port().setTerminalMode(master, mode)).toBe(true);
    expect(port().terminalMode(master)).toEqual(mode);
    expect(errnoOf(() => port().setTerminalMode(master, mode.subarray(1)))).toBe(EINVAL);
    expect(errnoOf(() => port().restoreAtEnd(master, mode.subarray(1)))).toBe(EINVAL);
  });

  test("are no files", () => {
    const file = port().memfd("file");
    expect(errnoOf(() => port().terminalSize(file))).toBe(ENOTTY);
    expect(errnoOf(() => port().terminalMode(file))).toBe(ENOTTY);
    port().close(file);
  });
});

describe("unix sockets", () => {
  let folder: string;
  let server: Server;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tsrun-"));
    server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => {
      server.listen(join(folder, "socket"), resolve);
    });
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("are connected by path", async () => {
    const socket = port().connectSocket(join(folder, "socket"));
    expect(await port().wait(socket, "read")).toBe(true);
    expect(port().decode(port().read(socket, 100))).toBe("hello");
    port().close(socket);
  });

  test("that nobody listens on are errors", () => {
    writeFileSync(join(folder, "file"), "");
    expect(errnoOf(() => port().connectSocket(join(folder, "file")))).toBe(ECONNREFUSED);
    expect(errnoOf(() => port().connectSocket(join(folder, "none")))).toBe(ENOENT);
    expect(errnoOf(() => port().connectSocket(`/${"x".repeat(107)}`))).toBe(ENAMETOOLONG);
    expect(errnoOf(() => port().connectSocket(`/${"x".repeat(106)}`))).toBe(ENOENT);
  });

  test("that bring no descriptor are told apart from those that bring nothing yet", () => {
    const [ours, theirs] = port().socketPair();
    expect(port().receiveDescriptor(ours)).toBeNull();
    port().write(theirs, "text");
    expect(errnoOf(() => port().receiveDescriptor(ours))).toBe(EPROTO);
    port().close(theirs);
    expect(errnoOf(() => port().receiveDescriptor(ours))).toBe(EPROTO);
    port().close(ours);
  });
});
