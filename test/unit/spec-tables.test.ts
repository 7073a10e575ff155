import { spawnSync } from "node:child_process";
import { existsSync, constants as fileConstants, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { CAPABILITIES, capabilityMask, capabilityNumber, LAST_CAPABILITY } from "../../runtime/linux/capabilities.ts";
import * as errno from "../../runtime/linux/errno.ts";
import * as flags from "../../runtime/linux/flags.ts";
import { NAMESPACES, namespaceOfFlag } from "../../runtime/linux/namespaces.ts";
import { RLIMITS } from "../../runtime/linux/rlimits.ts";
import { SIGNALS, signalName, signalNumber } from "../../runtime/linux/signals.ts";
import { ROOT } from "../support/paths.ts";

/** CLONE_NEW* without its beginning, by the name in /proc/PID/ns. */
const CLONE_NAMES: Record<string, string> = {
  cgroup: "CGROUP",
  ipc: "IPC",
  mnt: "NS",
  net: "NET",
  pid: "PID",
  time: "TIME",
  user: "USER",
  uts: "UTS",
};

const schema = (name: string) => JSON.parse(readFileSync(join(ROOT, "schemas", "oci", name), "utf8"));

describe("tables and schemas name the same", () => {
  test("namespaces", () => {
    const names: string[] = schema("linux.json").definitions.Namespace.properties.type.enum;
    expect(Object.keys(NAMESPACES).sort()).toEqual([...names].sort());
  });

  test("rlimits", () => {
    const names: string[] = schema("process.json").definitions.Rlimit.properties.type.enum;
    expect(Object.keys(RLIMITS).sort()).toEqual([...names].sort());
    expect(new Set(Object.values(RLIMITS)).size).toBe(16);
  });
});

describe("against this kernel and C library", () => {
  test("namespaces are files of /proc/self/ns", () => {
    const files = readdirSync("/proc/self/ns");
    expect(files).toEqual(expect.arrayContaining(Object.values(NAMESPACES).map((row) => row.proc)));
    expect(namespaceOfFlag(0x40000000)).toBe("network");
    expect(namespaceOfFlag(1)).toBeUndefined();
  });

  test("rlimits are in the order of /proc/self/limits", () => {
    const words = readFileSync("/proc/self/limits", "utf8")
      .split("\n")
      .slice(1, 17)
      .map((line) => line.slice(4, 26).trim());
    expect(words[RLIMITS.RLIMIT_CPU]).toBe("cpu time");
    expect(words[RLIMITS.RLIMIT_NOFILE]).toBe("open files");
    expect(words[RLIMITS.RLIMIT_AS]).toBe("address space");
    expect(words[RLIMITS.RLIMIT_RTTIME]).toBe("realtime timeout");
  });

  test("signals", () => {
    const theirs = constants.signals as Record<string, number>;
    for (const [name, number] of Object.entries(SIGNALS)) expect([name, theirs[`SIG${name}`]]).toEqual([name, number]);
  });

  test("errno numbers", () => {
    const theirs = constants.errno as Record<string, number>;
    for (const [name, number] of Object.entries(theirs)) {
      if (name !== "EWOULDBLOCK" && name !== "ENOTSUP") expect([name, errno.errnoName(number)]).toEqual([name, name]);
    }
    for (const [name, number] of Object.entries(errno)) {
      if (typeof number === "number") expect(errno.errnoName(number)).toBe(name);
    }
  });

  const python = spawnSync("python3", ["-c", ""]).status === 0;
  if (!python) console.log("skipped: python3 is not installed, the words of errno can't be compared with strerror");

  (python ? test : test.skip)("errno words are strerror's", () => {
    const script = "import os\nfor n in range(1, 134): print(os.strerror(n))";
    const { stdout } = spawnSync("python3", ["-c", script], { env: { ...process.env, LC_ALL: "C" } });
    const words = stdout.toString().trim().split("\n");
    expect(words).toHaveLength(133);
    words.forEach((text, i) => {
      expect(errno.errnoText(i + 1).toLowerCase()).toBe(text.toLowerCase());
    });
  });

  test("flags that Node knows", () => {
    const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
    const ours: Record<string, unknown> = { ...flags, ...flags.openFlags(machine) };
    const shared = Object.entries(fileConstants).filter(([name]) => typeof ours[name] === "number");
    expect(shared.length).toBeGreaterThan(20);
    for (const [name, number] of shared) expect([name, ours[name]]).toEqual([name, number]);
    expect(flags.openFlags("pdp11")).toBeUndefined();
  });

  const HEADERS = [
    "linux/mount.h",
    "linux/sched.h",
    "linux/capability.h",
    "linux/magic.h",
    "linux/fcntl.h",
    "asm-generic/resource.h",
  ];
  const headers = HEADERS.map((name) => join("/usr/include", name)).filter((path) => existsSync(path));
  if (headers.length === 0) console.log("skipped: no kernel headers, numbers can't be compared with them");

  (headers.length > 0 ? test : test.skip)("numbers are those of the kernel's headers", () => {
    const text = headers.map((path) => readFileSync(path, "utf8")).join("\n");
    const theirs = new Map<string, number>();
    for (const [, name, number] of text.matchAll(/^\s*#\s*define\s+(\w+)\s+(0x[0-9a-fA-F]+|\d+)\b/gm)) {
      theirs.set(name as string, Number(number));
    }
    for (const [, name, shift] of text.matchAll(/^\s*#?\s*(?:define)?\s*(MS_\w+)\s+\(1<<(\d+)\)/gm)) {
      theirs.set(name as string, 2 ** Number(shift));
    }
    const clones = Object.entries(NAMESPACES).map(
      ([, row]) => [`CLONE_NEW${CLONE_NAMES[row.proc]}`, row.flag] as const,
    );
    const ours = [...Object.entries(flags), ...Object.entries(CAPABILITIES), ...Object.entries(RLIMITS), ...clones];
    const both = ours.filter(([name]) => theirs.has(name));
    expect(both.length).toBeGreaterThan(80);
    for (const [name, number] of both) expect([name, number]).toEqual([name, theirs.get(name)]);
  });

  test("capabilities reach this kernel's last one", () => {
    const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
    expect(LAST_CAPABILITY).toBeGreaterThanOrEqual(Math.min(last, 40));
    expect(Object.values(CAPABILITIES)).toEqual(Array.from({ length: LAST_CAPABILITY + 1 }, (_, i) => i));
  });
});

describe("capability masks", () => {
  test.each([
    [undefined, 0n],
    [[], 0n],
    [["CAP_CHOWN"], 1n],
    [["CAP_SETFCAP"], 1n << 31n],
    [["CAP_MAC_OVERRIDE", "CAP_CHECKPOINT_RESTORE"], (1n << 32n) | (1n << 40n)],
    [["CAP_FOO", "toString", "CAP_KILL", "CAP_KILL"], 1n << 5n],
    [Object.keys(CAPABILITIES), (1n << 41n) - 1n],
  ])("%j", (names, mask) => {
    expect(capabilityMask(names)).toBe(mask);
  });

  test("names of Object's prototype are no capabilities", () => {
    expect(capabilityNumber("constructor")).toBeUndefined();
  });
});

describe("signals by word", () => {
  test.each([
    ["TERM", 15],
    ["SIGTERM", 15],
    ["sigterm", 15],
    ["term", 15],
    ["15", 15],
    ["64", 64],
    ["SIGIOT", 6],
    ["POLL", 29],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["RTMAX", 64],
    ["RTMAX-30", 34],
  ])("%s is %i", (word, number) => {
    expect(signalNumber(word)).toBe(number);
  });

  test.each(["0", "65", "-1", "1e1", "", "SIG", "FOO", "RTMAX-31", "RTMIN+31", "RTMIN-1", "constructor", "9 ", "+9"])(
    "%j is none",
    (word) => {
      expect(signalNumber(word)).toBeUndefined();
    },
  );

  test("have names", () => {
    expect([9, 15, 34, 37, 64, 32].map(signalName)).toEqual([
      "SIGKILL",
      "SIGTERM",
      "SIGRTMIN",
      "SIGRTMIN+3",
      "SIGRTMIN+30",
      "32",
    ]);
  });

  test("every number survives its name", () => {
    for (let number = 1; number <= 64; number++) expect(signalNumber(signalName(number))).toBe(number);
  });
});
