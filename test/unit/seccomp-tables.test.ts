import { describe, expect, test } from "@jest/globals";
import { ARCHITECTURES, type ArchitectureName, X32_BIT } from "../../runtime/seccomp/architectures.ts";
import { compileSeccomp } from "../../runtime/seccomp/compile.ts";
import { syscallTables, type TableSet } from "../../runtime/seccomp/syscalls.ts";
import { TABLES as ARM } from "../../runtime/seccomp/tables/arm.ts";
import { ELSEWHERE } from "../../runtime/seccomp/tables/elsewhere.ts";
import { TABLES as LOONGARCH } from "../../runtime/seccomp/tables/loongarch.ts";
import { TABLES as MIPS } from "../../runtime/seccomp/tables/mips.ts";
import { TABLES as PARISC } from "../../runtime/seccomp/tables/parisc.ts";
import { TABLES as POWER } from "../../runtime/seccomp/tables/power.ts";
import { TABLES as RARE } from "../../runtime/seccomp/tables/rare.ts";
import { TABLES as RISCV } from "../../runtime/seccomp/tables/riscv.ts";
import { TABLES as S390 } from "../../runtime/seccomp/tables/s390.ts";
import { TABLES as X86 } from "../../runtime/seccomp/tables/x86.ts";
import { emulate } from "../support/bpf-emulator.ts";

const SETS: readonly TableSet[] = [X86, ARM, LOONGARCH, MIPS, PARISC, POWER, RARE, RISCV, S390];
const NAMES = Object.keys(ARCHITECTURES) as ArchitectureName[];
const ALLOW = 0x7fff0000;
const ENOSYS = 0x50026;

describe("tables", () => {
  const tables = syscallTables(SETS, ELSEWHERE);

  test.each(NAMES)("%s knows the calls that everybody has", (name) => {
    const numbers = tables.numbers(name) as ReadonlyMap<string, number>;
    const { base } = ARCHITECTURES[name];
    expect(numbers.size).toBeGreaterThan(300);
    expect(["mseal", "file_setattr"].map((call) => (numbers.get(call) ?? 0) - base)).toEqual([462, 469]);
    expect(new Set(numbers.values()).size).toBe(numbers.size);
    for (const call of numbers.keys()) expect(call).toMatch(/^[a-z_][a-z0-9_]+$/);
  });

  test.each<[ArchitectureName, string, number | undefined]>([
    ["SCMP_ARCH_X86_64", "execve", 59],
    ["SCMP_ARCH_X86", "execve", 11],
    ["SCMP_ARCH_X32", "execve", X32_BIT + 520],
    ["SCMP_ARCH_X32", "openat2", X32_BIT + 437],
    ["SCMP_ARCH_X32", "uselib", undefined],
    ["SCMP_ARCH_AARCH64", "execve", 221],
    ["SCMP_ARCH_AARCH64", "open", undefined],
    ["SCMP_ARCH_ARM", "set_tls", 0x0f0005],
    ["SCMP_ARCH_MIPS", "execve", 4011],
    ["SCMP_ARCH_MIPSEL64", "execve", 5057],
    ["SCMP_ARCH_MIPS64N32", "execve", 6057],
    ["SCMP_ARCH_S390X", "execve", 11],
    ["SCMP_ARCH_RISCV64", "execve", 221],
  ])("%s: %s is %s", (name, call, number) => {
    expect(tables.numbers(name)?.get(call)).toBe(number);
  });

  test("nobody else's calls are unknown on x86", () => {
    const x86 = syscallTables([X86], ELSEWHERE);
    const own = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const;
    for (const name of NAMES) {
      for (const call of tables.numbers(name)?.keys() ?? []) {
        expect([call, own.some((one) => x86.numbers(one)?.has(call)) || x86.elsewhere(call)]).toEqual([call, true]);
      }
    }
    expect(x86.elsewhere("")).toBe(false);
    expect(x86.numbers("SCMP_ARCH_S390")).toBeUndefined();
  });
});

describe("filters of other machines", () => {
  const profile = (architectures: string[]) => ({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures,
    syscalls: [
      { names: ["execve", "set_tls", "cacheflush"], action: "SCMP_ACT_ALLOW" },
      { names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 2n ** 32n, op: "SCMP_CMP_EQ" }] },
    ],
  });
  const tables = syscallTables(SETS, ELSEWHERE);

  test("aarch64, with arm and its calls far out", () => {
    const { program } = compileSeccomp(profile(["SCMP_ARCH_ARM"]), { native: "SCMP_ARCH_AARCH64", tables });
    const ask = (nr: number, arch: number, args: bigint[] = []) => emulate(program, { nr, arch, args });
    const { SCMP_ARCH_ARM: arm, SCMP_ARCH_AARCH64: arm64 } = ARCHITECTURES;
    expect([ask(221, arm64.audit), ask(222, arm64.audit), ask(92, arm64.audit, [2n ** 32n])]).toEqual([
      ALLOW,
      ENOSYS,
      ALLOW,
    ]);
    expect([ask(11, arm.audit), ask(12, arm.audit), ask(136, arm.audit, [2n ** 33n])]).toEqual([ALLOW, 0x50001, ALLOW]);
    expect([0x0f0001, 0x0f0002, 0x0f0003, 0x0f0005, 0x0f0006].map((nr) => ask(nr, arm.audit))).toEqual([
      0x50001,
      ALLOW,
      0x50001,
      ALLOW,
      ENOSYS,
    ]);
  });

  test("little endian mips, whose numbers have a base", () => {
    const { program } = compileSeccomp(profile([]), { native: "SCMP_ARCH_MIPSEL64", tables });
    const ask = (nr: number) => emulate(program, { nr, arch: ARCHITECTURES.SCMP_ARCH_MIPSEL64.audit });
    expect([ask(57), ask(4999), ask(5000), ask(5057), ask(5500)]).toEqual([0x50001, 0x50001, 0x50001, ALLOW, ENOSYS]);
  });

  test("s390x, byte for byte the other way round, and without setup(2)", () => {
    const { program } = compileSeccomp(profile(["SCMP_ARCH_S390"]), { native: "SCMP_ARCH_S390X", tables });
    const swapped = new Uint8Array(program.length);
    for (let at = 0; at < program.length; at += 8) {
      swapped.set([program[at + 1] as number, program[at] as number], at);
      swapped.set(program.subarray(at + 2, at + 4), at + 2);
      swapped.set(program.slice(at + 4, at + 8).reverse(), at + 4);
    }
    const ask = (nr: number, ...args: bigint[]) => {
      // Words of an argument lie the other way round, too.
      const seen = args.map((one) => ((one & 0xffffffffn) << 32n) | (one >> 32n));
      return emulate(swapped, { nr, arch: ARCHITECTURES.SCMP_ARCH_S390X.audit, args: seen });
    };
    expect([ask(0), ask(1), ask(11), ask(136, 2n ** 32n), ask(136, 1n)]).toEqual([
      ENOSYS,
      0x50001,
      ALLOW,
      ALLOW,
      0x50001,
    ]);
  });
});
