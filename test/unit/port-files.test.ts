import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import "../../runtime/host/node.ts";
import { isSystemError, port } from "../../runtime/host/port.ts";

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
const F_CLOEXEC = 0o2000000;
const LOCK_EX = 2;
const LOCK_NB = 4;
const NEW = O_WRONLY | O_CREAT | O_EXCL;
const errno = {
  EPERM: 1,
  ENOENT: 2,
  EBADF: 9,
  EAGAIN: 11,
  EEXIST: 17,
  EISDIR: 21,
  EINVAL: 22,
  EFBIG: 27,
  ELOOP: 40,
  ENOTEMPTY: 39,
  EILSEQ: 84,
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsrun-port-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const inside = (name: string) => join(folder, name);

/** The errno that `action` throws. */
function failure(action: () => unknown): { errno: number; message: string } {
  try {
    action();
  } catch (error) {
    if (isSystemError(error)) return { errno: error.errno, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("files", () => {
  test("a file is written and read as text and as bytes", () => {
    port().writeFile(inside("a"), "grüße\n", NEW, 0o640);
    expect(port().readFile(inside("a"), 100)).toBe("grüße\n");
    expect([...port().readFileBytes(inside("a"), 100)]).toEqual([...Buffer.from("grüße\n")]);
    expect(port().stat(inside("a"))).toMatchObject({ mode: 0o100640, size: 8, uid: process.geteuid?.(), rdevMajor: 0 });
  });

  test("a new file is its owner's alone unless told otherwise", () => {
    port().writeFile(inside("a"), "", NEW);
    port().close(port().open(inside("b"), NEW));
    expect(port().stat(inside("a")).mode).toBe(0o100600);
    expect(port().stat(inside("b")).mode).toBe(0o100600);
  });

  test("files whose size is not told beforehand are read to their end", () => {
    const big = "x".repeat(100_000);
    port().writeFile(inside("big"), big, NEW);
    expect(port().readFile(inside("big"), 1 << 20)).toBe(big);
    expect(port().readFile(inside("big"), 100_000)).toBe(big);
    expect(port().readFile("/proc/self/status", 1 << 16)).toContain("Seccomp:");
    expect(port().readFile("/proc/self/mountinfo", 1 << 20)).toMatch(/ - proc proc /);
  });

  test("a file that is too long is EFBIG", () => {
    port().writeFile(inside("a"), "12345", NEW);
    expect(failure(() => port().readFile(inside("a"), 4)).errno).toBe(errno.EFBIG);
    expect(port().readFile(inside("a"), 5)).toBe("12345");
  });

  test("descriptors are read, written, locked and closed", () => {
    const fd = port().open(inside("a"), O_RDWR | O_CREAT, 0o600);
    expect(port().write(fd, "abc")).toBe(3);
    expect(port().write(fd, new Uint8Array([0, 255]))).toBe(2);
    port().fsync(fd);
    port().ftruncate(fd, 4);
    expect(port().fstat(fd).size).toBe(4);
    const again = port().open(inside("a"), O_RDONLY);
    expect([...port().read(again, 2)]).toEqual([97, 98]);
    expect([...port().read(again, 100)]).toEqual([99, 0]);
    expect(port().read(again, 100).length).toBe(0);
    port().flock(fd, LOCK_EX);
    expect(failure(() => port().flock(again, LOCK_EX | LOCK_NB)).errno).toBe(errno.EAGAIN);
    port().close(fd);
    port().flock(again, LOCK_EX | LOCK_NB);
    port().close(again);
    expect(failure(() => port().close(again)).errno).toBe(errno.EBADF);
  });

  test("every descriptor is closed by exec", () => {
    const made = [
      port().open(inside("a"), O_RDWR | O_CREAT),
      port().openDirectory(folder),
      port().openat(port().openDirectory(folder), "a", O_RDONLY),
      port().dup(0),
      port().memfd("m"),
      port().pidfdOpen(process.pid),
      port().signalfd([]),
    ];
    for (const fd of made) {
      expect(fd).toBeGreaterThan(2);
      const flags = /flags:\s+(\d+)/.exec(port().readFile(`/proc/self/fdinfo/${fd}`, 4096))?.[1] ?? "";
      expect(Number.parseInt(flags, 8) & F_CLOEXEC).toBe(F_CLOEXEC);
      port().close(fd);
    }
  });

  test("names are made, listed, moved and removed", () => {
    port().mkdir(inside("d"), 0o750);
    expect(failure(() => port().mkdir(inside("d"), 0o750)).errno).toBe(errno.EEXIST);
    port().writeFile(inside("d/f"), "1", NEW);
    port().link(inside("d/f"), inside("d/g"));
    port().symlink("f", inside("d/s"));
    port().mkfifo(inside("d/p"), 0o600);
    expect(port().readdir(inside("d")).sort()).toEqual(["f", "g", "p", "s"]);
    expect(port().readlink(inside("d/s"))).toBe("f");
    expect(port().lstat(inside("d/s")).mode & 0o170000).toBe(0o120000);
    expect(port().stat(inside("d/p")).mode).toBe(0o010600);
    expect(port().realpath(inside("d/../d/s"))).toBe(port().realpath(inside("d/f")));
    port().chmod(inside("d/f"), 0o755);
    expect(port().stat(inside("d/g")).mode).toBe(0o100755);
    port().rename(inside("d/g"), inside("h"));
    expect(failure(() => port().rmdir(inside("d"))).errno).toBe(errno.ENOTEMPTY);
    for (const name of ["f", "s", "p"]) port().unlink(inside(`d/${name}`));
    port().rmdir(inside("d"));
    expect(port().readdir(folder)).toEqual(["h"]);
  });

  test("a symlink is not opened as a directory", () => {
    port().symlink("/", inside("s"));
    expect(() => port().openDirectory(inside("s"))).toThrow("not a directory");
    port().close(port().openDirectory(folder));
  });

  test("devices and filesystems are told", () => {
    expect(port().stat("/dev/null")).toMatchObject({ rdevMajor: 1, rdevMinor: 3 });
    expect(port().statfs("/proc").type).toBe(0x9fa0);
    port().access("/bin/sh", 1);
    expect(failure(() => port().access("/etc/passwd", 1)).message).toBe("faccessat /etc/passwd: permission denied");
  });

  test("a memfd that is sealed can't be written any more", () => {
    const fd = port().memfd("m");
    port().write(fd, "abc");
    port().sealMemfd(fd);
    expect(failure(() => port().write(fd, "d")).errno).toBe(errno.EPERM);
    expect(failure(() => port().ftruncate(fd, 0)).errno).toBe(errno.EPERM);
    expect(port().readFile(`/proc/self/fd/${fd}`, 10)).toBe("abc");
    port().close(fd);
  });

  test("an appended and a truncated file", () => {
    port().writeFile(inside("a"), "1", NEW);
    port().writeFile(inside("a"), "2", O_WRONLY | O_APPEND);
    expect(port().readFile(inside("a"), 10)).toBe("12");
    port().writeFile(inside("a"), "3", O_WRONLY | O_TRUNC);
    expect(port().readFile(inside("a"), 10)).toBe("3");
  });
});

describe("errors", () => {
  test("tell the call, the path and the cause", () => {
    expect(failure(() => port().open("/none/such", O_RDONLY))).toEqual({
      errno: errno.ENOENT,
      message: "open /none/such: no such file or directory",
    });
    expect(failure(() => port().openat(3, "none", O_RDONLY)).message).toMatch(/^openat none: /);
    expect(failure(() => port().write(-1, "")).message).toBe("write: bad file descriptor");
  });

  test("a NUL in a path is refused, not cut off", () => {
    expect(failure(() => port().readFile(`/etc/passwd\0.txt`, 10)).errno).toBe(errno.EINVAL);
    expect(failure(() => port().rename(inside("a"), inside("b\0"))).errno).toBe(errno.EINVAL);
  });

  test("numbers that don't fit are refused, not cut off", () => {
    expect(failure(() => port().close(2 ** 32)).errno).toBe(errno.EINVAL);
    expect(failure(() => port().close(1.5)).errno).toBe(errno.EINVAL);
    expect(failure(() => port().close(Number.NaN)).errno).toBe(errno.EINVAL);
    expect(failure(() => port().mkdir(inside("d"), -1)).errno).toBe(errno.EINVAL);
    expect(() => port().prlimit(0, 7, 2n ** 64n, 0n)).toThrow("argument 3");
    expect(() => port().prlimit(0, 7, -1n, 0n)).toThrow("argument 3");
  });

  test("arguments of the wrong kind are refused", () => {
    expect(() => port().readFile(7 as never, 1)).toThrow("readFile: argument 1 is not of kind 't'");
    expect(() => port().write(1, 7 as never)).toThrow("argument 2");
    expect(() => port().decode(new Uint16Array(1) as never)).toThrow("argument 1");
  });
});

describe("text", () => {
  test("bytes that are no text survive in names and contents", () => {
    const odd = port().decode(new Uint8Array([0x66, 0xff, 0xfe, 0xc3, 0xa4, 0xed, 0xa0, 0x80]));
    expect(odd).toBe("f\udcff\udcfeä\udced\udca0\udc80");
    port().writeFile(inside(odd), odd, NEW);
    expect(port().readdir(folder)).toEqual([odd]);
    expect(port().readFile(inside(odd), 100)).toBe(odd);
    expect([...port().encode(odd)]).toEqual([0x66, 0xff, 0xfe, 0xc3, 0xa4, 0xed, 0xa0, 0x80]);
  });

  test("long, empty and astral text", () => {
    for (const text of ["", "a".repeat(511), "a".repeat(512), "ä".repeat(5000), "😀".repeat(300), "\0x\0"])
      expect(port().decode(port().encode(text))).toBe(text);
  });

  test("a surrogate that stands for no byte is refused", () => {
    for (const text of ["\ud800", "a\udc00", "\udfff"])
      expect(failure(() => port().encode(text)).errno).toBe(errno.EILSEQ);
  });

  test("sha256", () => {
    expect(port().sha256(port().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("readJson", () => {
  const write = (content: string | Uint8Array) =>
    port().writeFile(inside("c.json"), content, O_WRONLY | O_CREAT | O_TRUNC);
  const read = (depth = 8) => port().readJson(inside("c.json"), 100, depth);

  test("gives the text as it is", () => {
    write('{"a":[1,"ü"]}\n');
    expect(read()).toBe('{"a":[1,"ü"]}\n');
  });

  test.each([
    ["too long", "1".repeat(101), errno.EFBIG],
    ["too deep", "[".repeat(9), errno.ELOOP],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), errno.EILSEQ],
  ])("%s", (_, content, wanted) => {
    write(content);
    expect(failure(read).errno).toBe(wanted);
  });

  test("directories and pipes are refused at once", () => {
    port().mkdir(inside("c.json"), 0o700);
    expect(failure(read).errno).toBe(errno.EISDIR);
    port().rmdir(inside("c.json"));
    port().mkfifo(inside("c.json"), 0o600);
    expect(failure(read).errno).toBe(errno.EINVAL);
    expect(failure(() => port().readJson(inside("none"), 1, 1)).errno).toBe(errno.ENOENT);
  });
});
