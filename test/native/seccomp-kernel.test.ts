import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "../../bundles/command.ts";
import { Session } from "../../bundles/session.ts";
import { compileSeccomp } from "../../runtime/seccomp/compile.ts";
import type { SeccompArgument, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { type CallData, emulate } from "../support/bpf-emulator.ts";
import { compileNative } from "../support/compile.ts";
import { comparable, libseccomp, libseccompProgram } from "../support/libseccomp.ts";
import { describeCall, I386, interestingNumbers, OPTIONS, PROFILES, X32_BIT, X86_64 } from "../support/seccomp.ts";
import { pick, random } from "../support/seccomp-random.ts";

const ALLOW = 0x7fff0000;
const ERRNO = 5;
const SIGSYS = 31;
const SPEC_ALLOW = 4;
const RUNC = "/usr/sbin/runc";

const suite = process.getuid?.() === 0 && process.arch === "x64" ? describe : describe.skip;
if (suite !== describe) console.warn("skipped: loading filters needs root on x86-64");

const folder = mkdtempSync(join(tmpdir(), "tsrun-seccomp-"));
let probe: string;
let compat: boolean;

beforeAll(async () => {
  if (suite !== describe) return;
  probe = await compileNative({
    name: "seccomp-probe",
    sources: ["test/native/seccomp/probe.cc"],
    headers: [],
    flags: [],
  });
  const allow = compileSeccomp({ defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86"] }, OPTIONS);
  compat = attempt(allow.program, [{ nr: 20, arch: I386 }])[0] === 0;
  if (!compat) console.warn("left out: calls of 32 bits, which this kernel has none of");
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string): string {
  return join(folder, name);
}

/** Makes the calls under the filter, for real: errno, 0, or minus the signal that came of it. */
function attempt(program: Uint8Array, calls: readonly CallData[]): number[] {
  const words = new BigUint64Array(calls.length * 7);
  calls.forEach(({ nr, arch, args = [] }, index) => {
    words.set([BigInt(nr) | (arch === I386 ? 1n << 32n : 0n), ...args], index * 7);
  });
  writeFileSync(file("program"), program);
  writeFileSync(file("calls"), new Uint8Array(words.buffer));
  execFileSync(probe, ["calls", String(SPEC_ALLOW), file("program"), file("calls"), file("results")]);
  const bytes = readFileSync(file("results"));
  return [...new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))];
}

/** What a call has to come to that the filter does not let through. */
function stopped(value: number): number {
  return value >>> 16 === ERRNO ? value & 0xffff : -SIGSYS;
}

/** uretprobe and uprobe, which the kernel's own trampolines make: no filter is asked about them (since 6.12). */
const UNFILTERED: ReadonlySet<number> = new Set([335, 336]);

function possible({ arch, nr }: CallData): boolean {
  return arch === I386 ? compat : !UNFILTERED.has(nr & ~X32_BIT);
}

/** Every argument is -1: what slips through by mistake finds no memory, no file and no process. */
const NOTHING = Array.from({ length: 6 }, () => 0xffffffffffffffffn);

suite("the kernel", () => {
  test.each(Object.keys(PROFILES))("stops every call that %s does not allow, and says what it should", (name) => {
    const { program } = compileSeccomp(PROFILES[name] as SeccompProfile, OPTIONS);
    const calls = interestingNumbers()
      .flatMap((nr) => [X86_64, I386].map((arch): CallData => ({ nr, arch, args: NOTHING })))
      .filter((call) => possible(call) && emulate(program, call) !== ALLOW);
    expect(calls.length).toBeGreaterThan(500);
    const results = attempt(program, calls);
    const wrong = calls.flatMap((call, index) => {
      const wanted = stopped(emulate(program, call));
      return results[index] === wanted ? [] : [`${describeCall(call)}: ${results[index]} for ${wanted}`];
    });
    expect(wrong).toEqual([]);
  });

  test("lets through what docker's profile allows by its arguments", () => {
    const { program } = compileSeccomp(PROFILES["docker 26"] as SeccompProfile, OPTIONS);
    const calls: [number, bigint[], number][] = [
      [39, [], 0],
      [41, [1n, 1n, 0n], 0],
      [41, [40n, 1n, 0n], 1],
      [135, [0xffffffffn], 0],
      [135, [0xffffffffffffffffn], 1],
      [135, [0x20001n], 1],
      [56, [0x10000011n], 1],
      [56, [0x7e020000n], 1],
      [272, [0n], 1],
      [435, [], 38],
      [600, [], 38],
    ];
    const made = calls.map(([nr, args]) => ({ nr, arch: X86_64, args }));
    expect(attempt(program, made)).toEqual(calls.map(([, , result]) => result));
  });

  test("takes every kind of jump and condition as the emulator does, and libseccomp's filter, too", () => {
    const next = random(7);
    const values = [0n, 1n, 7n, 0xffffffffn, 0x100000000n, 0x700000001n, 0xffffffffffffffffn];
    const harmless = ["getpid", "getppid", "getuid", "getgid", "geteuid", "getegid", "gettid", "sched_yield"];
    const operators = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"];
    for (let round = 0; round < 4; round++) {
      const args = (): SeccompArgument[] =>
        [0, 1, 4].slice(next(3)).map((index) => ({
          index,
          op: `SCMP_CMP_${pick(next, operators)}`,
          value: pick(next, values),
          valueTwo: pick(next, values),
        }));
      const profile: SeccompProfile = {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        syscalls: harmless.map((name, at) => ({
          names: [name],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 100 + at,
          args: args(),
        })),
      };
      const calls = Array.from({ length: 150 }, (): CallData => {
        const [arch, table, bit] = pick(next, [
          [X86_64, "SCMP_ARCH_X86_64", 0],
          [I386, "SCMP_ARCH_X86", 0],
          [X86_64, "SCMP_ARCH_X32", X32_BIT],
        ] as const);
        const nr = (OPTIONS.tables.numbers(table)?.get(pick(next, harmless)) as number) | bit;
        return { nr, arch, args: [0, 1, 2, 3, 4].map(() => pick(next, values)) };
      }).filter(possible);
      const { program } = compileSeccomp(profile, OPTIONS);
      // A kernel may have no x32: then its calls come to ENOSYS once the filter lets them through.
      const wanted = calls.map((call) => {
        const value = emulate(program, call);
        if (value !== ALLOW) return stopped(value);
        return (call.nr & X32_BIT) === 0 ? 0 : attempt(new Uint8Array([6, 0, 0, 0, 0, 0, 0xff, 0x7f]), [call])[0];
      });
      // int 0x80 cuts what it passes: the filter sees 32 bits of every argument.
      expect(attempt(program, calls)).toEqual(wanted);
      if (typeof libseccomp() === "string") continue;
      expect(attempt(libseccompProgram(profile) as Uint8Array, calls)).toEqual(wanted);
    }
  });
});

suite("runc", () => {
  const there = existsSync(RUNC);
  if (!there) console.warn(`skipped: no runc at ${RUNC}`);

  const docker = PROFILES["docker 26"] as SeccompProfile;
  const cases: Readonly<Record<string, SeccompProfile>> = {
    ...PROFILES,
    "docker 26 for x86-64 alone": { ...docker, architectures: ["SCMP_ARCH_X86_64"] },
    "docker 26 that kills": { ...docker, defaultAction: "SCMP_ACT_KILL_PROCESS", defaultErrnoRet: undefined },
    "docker 26 that logs": { ...docker, defaultAction: "SCMP_ACT_LOG", defaultErrnoRet: undefined },
  };

  (there ? test.each : test.skip.each)(Object.keys(cases))(
    "loads a filter that decides as ours under %s, stub and all",
    async (name) => {
      const known = typeof libseccomp() === "string" ? (one: SeccompProfile) => one : comparable;
      const profile = known(cases[name] as SeccompProfile);
      const session = await Session.open(RUNC);
      try {
        const container = await session.container((config) => {
          config.process.args = ["/bin/sleep", "1000"];
          config.linux.seccomp = profile;
        });
        expect(await container.detach()).toMatchObject({ code: 0 });
        const { pid } = await container.state();
        await until("the program", () => readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n" || undefined);
        execFileSync(probe, ["dump", String(pid), "0", file("dumped")]);
      } finally {
        expect(await session.close()).toEqual([]);
      }
      const theirs = new Uint8Array(readFileSync(file("dumped")));
      const { program, instructions } = compileSeccomp(profile, OPTIONS);
      console.info(`${name}: runc ${theirs.length / 8} instructions, ours ${instructions}`);
      const wrong: string[] = [];
      for (const nr of interestingNumbers()) {
        for (const arch of [X86_64, I386, 0x40000028]) {
          for (const args of [[], [0x7e020000n], [8n], [16n, 0n, 9n], [40n], [0xffffffffn], [2n ** 32n]]) {
            const call = { nr, arch, args };
            const [got, wanted] = [emulate(program, call), emulate(theirs, call)];
            if (got !== wanted) wrong.push(`${describeCall(call)}: ${got.toString(16)} for ${wanted.toString(16)}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    },
    60_000,
  );
});
