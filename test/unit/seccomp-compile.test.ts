import { describe, expect, test } from "@jest/globals";
import { compileSeccomp } from "../../runtime/seccomp/compile.ts";
import type { CompileOptions } from "../../runtime/seccomp/parts.ts";
import type { SeccompArgument, SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import type { Seccomp } from "../../runtime/spec/generated/types.ts";
import { emulate } from "../support/bpf-emulator.ts";
import {
  AARCH64,
  ARCHES,
  allow,
  argument,
  denying,
  describeCall,
  I386,
  interestingNumbers,
  interestingValues,
  OPTIONS,
  PROFILES,
  X32_BIT,
  X86_64,
} from "../support/seccomp.ts";
import { type Ingredients, pick, random, randomProfile, show } from "../support/seccomp-random.ts";
import { reference, value } from "../support/seccomp-reference.ts";

const KILL_THREAD = 0;
const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const NO_STUB: CompileOptions = { ...OPTIONS, enosysStub: false };
describe("conditions", () => {
  const values = [0n, 1n, 0x7fffffffn, 0xffffffffn, 0x100000000n, 0x1_0000_0001n, 0x5_0000_0000n, 0xffffffffffffffffn];

  test.each(["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"])("%s compares 64 bits on x86-64, 32 elsewhere", (op) => {
    for (const bound of values) {
      for (const second of values) {
        const profile = denying(allow(["ioctl"], argument(1, op, bound, second)));
        const { program } = compileSeccomp(profile, NO_STUB);
        for (const arg of interestingValues(profile)) {
          for (const [nr, arch] of [
            [16, X86_64],
            [54, I386],
            [X32_BIT + 514, X86_64],
          ] as const) {
            const call = { nr, arch, args: [0n, arg] };
            expect([describeCall(call), bound, second, emulate(program, call)]).toEqual([
              describeCall(call),
              bound,
              second,
              reference(profile, call),
            ]);
          }
        }
      }
    }
  });

  test("numbers and bigints of one value are one", () => {
    const as = (bound: number | bigint) =>
      compileSeccomp(denying(allow(["ioctl"], argument(0, "GE", bound))), OPTIONS).program;
    expect(as(0x5_0000_0001)).toEqual(as(0x5_0000_0001n));
  });

  test("conditions of one entry must all hold", () => {
    const { program } = compileSeccomp(
      denying(allow(["ioctl"], argument(2, "EQ", 3), argument(0, "EQ", 1), argument(1, "NE", 2))),
      OPTIONS,
    );
    const ask = (...args: bigint[]) => emulate(program, { nr: 16, arch: X86_64, args });
    expect([ask(1n, 0n, 3n), ask(1n, 2n, 3n), ask(0n, 0n, 3n), ask(1n, 0n, 0n)]).toEqual([ALLOW, EPERM, EPERM, EPERM]);
  });

  test("an argument named twice makes every condition a rule of its own, as in runc", () => {
    const { program } = compileSeccomp(
      denying(allow(["ioctl"], argument(0, "EQ", 1), argument(0, "EQ", 2), argument(1, "EQ", 9))),
      OPTIONS,
    );
    const ask = (...args: bigint[]) => emulate(program, { nr: 16, arch: X86_64, args });
    expect([ask(1n, 0n), ask(2n, 0n), ask(3n, 9n), ask(3n, 0n)]).toEqual([ALLOW, ALLOW, ALLOW, EPERM]);
  });

  test("socketcall and ipc carry the calls that entries name", () => {
    const { program } = compileSeccomp(
      denying(allow(["bind"]), allow(["msgget"]), allow(["socket"], argument(0, "EQ", 7), argument(2, "EQ", 5))),
      NO_STUB,
    );
    const ask = (nr: number, ...args: bigint[]) => emulate(program, { nr, arch: I386, args });
    expect([ask(102, 2n), ask(102, 3n), ask(361), ask(117, 13n), ask(117, 14n), ask(399)]).toEqual([
      ALLOW,
      EPERM,
      ALLOW,
      ALLOW,
      EPERM,
      ALLOW,
    ]);
    expect([ask(102, 1n, 0n, 5n), ask(102, 1n, 0n, 6n), ask(359, 7n, 0n, 5n), ask(359, 1n, 0n, 5n)]).toEqual([
      ALLOW,
      EPERM,
      ALLOW,
      EPERM,
    ]);
  });
});

describe("actions", () => {
  test.each([
    ["SCMP_ACT_KILL", undefined],
    ["SCMP_ACT_KILL_THREAD", undefined],
    ["SCMP_ACT_KILL_PROCESS", undefined],
    ["SCMP_ACT_TRAP", undefined],
    ["SCMP_ACT_ERRNO", undefined],
    ["SCMP_ACT_ERRNO", 0],
    ["SCMP_ACT_ERRNO", 4095],
    ["SCMP_ACT_TRACE", undefined],
    ["SCMP_ACT_TRACE", 65535],
    ["SCMP_ACT_ALLOW", undefined],
    ["SCMP_ACT_LOG", undefined],
    ["SCMP_ACT_NOTIFY", undefined],
  ])("%s with errno %s", (action, errnoRet) => {
    const other = action === "SCMP_ACT_LOG" ? "SCMP_ACT_ALLOW" : "SCMP_ACT_LOG";
    const rule = compileSeccomp({ defaultAction: other, syscalls: [{ names: ["getpid"], action, errnoRet }] }, OPTIONS);
    expect(emulate(rule.program, { nr: 39, arch: X86_64 })).toBe(value(action, errnoRet));
    expect(emulate(rule.program, { nr: 40, arch: X86_64 })).toBe(value(other));
    expect(rule.notify).toBe(action === "SCMP_ACT_NOTIFY");
    const whole = compileSeccomp({ defaultAction: action, defaultErrnoRet: errnoRet }, OPTIONS);
    expect(emulate(whole.program, { nr: 40, arch: X86_64 })).toBe(value(action, errnoRet));
  });

  test("the first entry without conditions counts, and no other", () => {
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        { names: ["getpid"], action: "SCMP_ACT_TRAP", args: [argument(0, "EQ", 1)] },
        { names: ["getpid"], action: "SCMP_ACT_ALLOW" },
        { names: ["getpid"], action: "SCMP_ACT_KILL" },
        { names: ["getpid"], action: "SCMP_ACT_LOG", args: [argument(0, "EQ", 1)] },
      ],
    };
    const { program } = compileSeccomp(profile, OPTIONS);
    expect(emulate(program, { nr: 39, arch: X86_64, args: [1n] })).toBe(ALLOW);
  });

  test("an entry with the default action is as if it were not there", () => {
    const { program } = compileSeccomp(
      {
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 5,
        syscalls: [
          { names: ["getpid"], action: "SCMP_ACT_ERRNO", errnoRet: 5 },
          { names: ["getpid"], action: "SCMP_ACT_ALLOW", args: [argument(0, "EQ", 1)] },
        ],
      },
      OPTIONS,
    );
    expect(emulate(program, { nr: 39, arch: X86_64, args: [1n] })).toBe(ALLOW);
  });

  test("of overlapping conditions the narrower bound and the later argument count", () => {
    const rule = (errnoRet: number, arg: SeccompArgument): SeccompEntry => ({
      names: ["ioctl"],
      action: "SCMP_ACT_ERRNO",
      errnoRet,
      args: [arg],
    });
    const { program } = compileSeccomp(
      {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          rule(10, argument(0, "GE", 5)),
          rule(11, argument(0, "GE", 50)),
          rule(12, argument(0, "LE", 60)),
          rule(13, argument(0, "EQ", 55)),
          rule(14, argument(1, "EQ", 1)),
        ],
      },
      OPTIONS,
    );
    const ask = (...args: bigint[]) => emulate(program, { nr: 16, arch: X86_64, args }) & 0xff;
    expect([ask(3n), ask(55n), ask(52n), ask(70n), ask(55n, 1n)]).toEqual([12, 13, 12, 11, 14]);
  });
});

describe("architectures", () => {
  const profile: SeccompProfile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [] };

  test("calls of an architecture that is not listed kill the thread, whatever the default", () => {
    const { program } = compileSeccomp(profile, OPTIONS);
    const ask = (nr: number, arch: number) => emulate(program, { nr, arch });
    expect([ask(0, X86_64), ask(0, I386), ask(0, AARCH64), ask(X32_BIT, X86_64)]).toEqual([ALLOW, 0, 0, 0]);
    expect(ask(0xffffffff, X86_64)).toBe(ALLOW);
  });

  test("x32 has numbers of its own", () => {
    const { program } = compileSeccomp(denying(allow(["execve", "read"])), OPTIONS);
    const ask = (nr: number) => emulate(program, { nr, arch: X86_64 });
    expect([ask(59), ask(X32_BIT + 59), ask(X32_BIT + 520), ask(X32_BIT)]).toEqual([ALLOW, EPERM, ALLOW, ALLOW]);
  });

  test("architectures that can't occur here are left out with a warning", () => {
    const { program, warnings } = compileSeccomp(
      { ...profile, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_S390X", "SCMP_ARCH_AARCH64"] },
      OPTIONS,
    );
    expect(warnings).toEqual([
      "seccomp: SCMP_ARCH_S390X has no effect on this machine (config.json /linux/seccomp/architectures/1)",
      "seccomp: SCMP_ARCH_AARCH64 has no effect on this machine (config.json /linux/seccomp/architectures/2)",
    ]);
    expect(emulate(program, { nr: 0, arch: AARCH64 })).toBe(KILL_THREAD);
  });

  test("names of other architectures pass, names of none are reported", () => {
    const { warnings } = compileSeccomp(denying(allow(["s390_sthyi", "chown32", "send", "fstat65"])), OPTIONS);
    expect(warnings).toEqual([
      "seccomp: system call fstat65 is unknown (config.json /linux/seccomp/syscalls/0/names/3)",
    ]);
  });
});

describe("calls newer than the profile", () => {
  const names = ["read", "openat2"];

  test("give ENOSYS beyond the last call that any entry names", () => {
    const { program } = compileSeccomp(denying(allow(["read"]), { names, action: "SCMP_ACT_ERRNO" }), OPTIONS);
    const ask = (nr: number, arch = X86_64) => emulate(program, { nr, arch });
    expect([ask(0), ask(1), ask(437), ask(438), ask(600)]).toEqual([ALLOW, EPERM, EPERM, ENOSYS, ENOSYS]);
    expect([ask(437, I386), ask(438, I386)]).toEqual([EPERM, ENOSYS]);
    expect([ask(X32_BIT + 437), ask(X32_BIT + 438), ask(0xffffffff)]).toEqual([EPERM, ENOSYS, ENOSYS]);
  });

  test.each([
    ["SCMP_ACT_ALLOW", false],
    ["SCMP_ACT_LOG", false],
    ["SCMP_ACT_TRACE", false],
    ["SCMP_ACT_ERRNO", true],
    ["SCMP_ACT_TRAP", true],
    ["SCMP_ACT_KILL", true],
    ["SCMP_ACT_KILL_PROCESS", true],
    ["SCMP_ACT_NOTIFY", true],
  ])("with %s as the default: %s", (defaultAction, stub) => {
    const action = defaultAction === "SCMP_ACT_ALLOW" ? "SCMP_ACT_LOG" : "SCMP_ACT_ALLOW";
    const profile: SeccompProfile = { defaultAction, syscalls: [{ names, action }] };
    const { program } = compileSeccomp(profile, OPTIONS);
    expect(emulate(program, { nr: 600, arch: X86_64 })).toBe(stub ? ENOSYS : value(defaultAction));
    const without = compileSeccomp(profile, NO_STUB);
    expect(emulate(without.program, { nr: 600, arch: X86_64 })).toBe(value(defaultAction));
  });

  test("leaves x32 alone where it is not listed", () => {
    const { program } = compileSeccomp({ ...denying(allow(names)), architectures: [] }, OPTIONS);
    const ask = (nr: number) => emulate(program, { nr, arch: X86_64 });
    expect([ask(X32_BIT), ask(X32_BIT + 600), ask(0x80000000), ask(0xbfffffff), ask(0xc0000000)]).toEqual([
      KILL_THREAD,
      KILL_THREAD,
      ENOSYS,
      ENOSYS,
      KILL_THREAD,
    ]);
    expect(ask(0xffffffff)).toBe(EPERM);
  });
});

describe("programs", () => {
  test("are made of what config.json holds, as it is read", () => {
    const config: Seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["vhangup"], action: "SCMP_ACT_KILL" }],
    };
    expect(emulate(compileSeccomp(config, OPTIONS).program, { nr: 153, arch: X86_64 })).toBe(KILL_THREAD);
  });

  test("that are long still jump right", () => {
    const profile = denying(
      ...Array.from({ length: 300 }, (_, index) =>
        allow([pick(random(index), ["ioctl", "read", "fcntl"])], argument(index % 6, "EQ", BigInt(index) << 20n)),
      ),
    );
    const { program, instructions } = compileSeccomp(profile, NO_STUB);
    expect(instructions).toBeGreaterThan(900);
    for (let index = 0; index < 320; index++) {
      for (const nr of [0, 16, 72, 600, X32_BIT, X32_BIT + 514]) {
        const args = Array.from({ length: 6 }, (_, at) => (at === index % 6 ? BigInt(index) << 20n : 1n));
        const call = { nr, arch: X86_64, args };
        expect([describeCall(call), emulate(program, call)]).toEqual([describeCall(call), reference(profile, call)]);
      }
    }
  });

  test.each(Object.entries(PROFILES))("of %s are short", (_, profile) => {
    const { instructions, warnings, program } = compileSeccomp(profile, OPTIONS);
    expect(warnings).toEqual([]);
    expect(program.byteLength).toBe(instructions * 8);
    expect(instructions).toBeLessThan(260);
  });

  test("of random profiles do what the profiles say", () => {
    const ingredients: Ingredients = {
      names: ["read", "write", "socket", "bind", "semop", "ipc", "socketcall", "ioctl", "send", "mmap2", "execve"],
      values: [0n, 1n, 5n, 9n, 0xff00n, 0xffffffffn, 0x100000000n, 0x500000001n, 0xffffffffffffffffn],
      conditions: 3,
      actions: "one",
      repeat: true,
      twice: true,
    };
    const numbers = interestingNumbers().filter((nr) => (nr & (X32_BIT - 1)) < 140 || nr > 0x7fffffff);
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed);
      const profile = randomProfile(next, ingredients);
      const { program } = compileSeccomp(profile, NO_STUB);
      const values = interestingValues(profile);
      for (const nr of numbers) {
        const call = { nr, arch: pick(next, ARCHES), args: [0, 1, 2].map(() => pick(next, values)) };
        const [got, wanted] = [emulate(program, call), reference(profile, call)];
        if (got !== wanted) throw new Error(`${describeCall(call)}: ${got} for ${wanted} with ${show(profile)}`);
      }
    }
  });
});
