/** Profiles as clients write them, and calls worth asking a filter about. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CompileOptions } from "../../runtime/seccomp/parts.ts";
import type { SeccompArgument, SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { syscallTables } from "../../runtime/seccomp/syscalls.ts";
import { ELSEWHERE } from "../../runtime/seccomp/tables/elsewhere.ts";
import { TABLES } from "../../runtime/seccomp/tables/x86.ts";
import type { CallData } from "./bpf-emulator.ts";
import { ROOT } from "./paths.ts";

export const X86_64 = 0xc000003e;
export const I386 = 0x40000003;
export const AARCH64 = 0xc00000b7;
export const X32_BIT = 0x40000000;

/** How the compiler is called on x86-64. */
export const OPTIONS: CompileOptions = {
  native: "SCMP_ARCH_X86_64",
  tables: syscallTables([TABLES], ELSEWHERE),
};

function read(path: string): SeccompProfile {
  const config = JSON.parse(readFileSync(join(ROOT, path), "utf8"));
  return config.linux?.seccomp ?? config;
}

/** Captured profiles by name: docker 26.1.5, docker 20.10.24, podman 4.3.1, containerd 1.6.20. */
export const PROFILES: Readonly<Record<string, SeccompProfile>> = {
  "docker 26": read("test/support/profiles/docker-26.json"),
  "docker 20.10": read("bundles/configs/docker-default.json"),
  "podman 4.3": read("bundles/configs/podman-default.json"),
  "containerd 1.6": read("bundles/configs/containerd-limits.json"),
};

/** Values next to every value that the profile compares with, and some that are odd on their own. */
export function interestingValues(profile: SeccompProfile): bigint[] {
  const named = (profile.syscalls ?? []).flatMap(({ args }) =>
    (args ?? []).flatMap(({ value, valueTwo }) => [BigInt(value), BigInt(valueTwo ?? 0)]),
  );
  const words = [...new Set([0n, 1n, 0xffffffffn, 0x100000000n, 0xffffffffffffffffn, ...named])];
  const near = words.flatMap((value) => [value - 1n, value, value + 1n, value ^ (1n << 32n), value | (1n << 63n)]);
  return [...new Set(near.map((value) => BigInt.asUintN(64, value)))];
}

/** Numbers around every table and at the edges of the number line. */
export function interestingNumbers(): number[] {
  const numbers: number[] = [];
  for (let number = 0; number <= 600; number++) numbers.push(number, X32_BIT + number);
  return [
    ...numbers,
    1000,
    0x0f0002,
    X32_BIT - 1,
    0x7fffffff,
    0x80000000,
    0x80000005,
    0xbfffffff,
    0xc0000000,
    0xc0000005,
    0xfffffffe,
    0xffffffff,
  ];
}

/** The architectures a kernel for x86-64 reports, and one it does not. */
export const ARCHES: readonly number[] = [X86_64, I386, AARCH64];

/** A call in words, for failure messages. */
export function describeCall({ nr, arch, args = [] }: CallData): string {
  return `${nr} (${arch.toString(16)}) ${args.map((value) => `0x${value.toString(16)}`).join(" ")}`;
}

/** An argument of an entry; `op` without its prefix. */
export function argument(index: number, op: string, first: number | bigint, second?: number | bigint): SeccompArgument {
  return { index, op: `SCMP_CMP_${op}`, value: first, valueTwo: second };
}

/** An entry that allows calls whose arguments fit. */
export function allow(names: string[], ...args: SeccompArgument[]): SeccompEntry {
  return { names, action: "SCMP_ACT_ALLOW", args };
}

/** A profile that gives EPERM to everything else, on all three architectures of x86-64. */
export function denying(...syscalls: SeccompEntry[]): SeccompProfile {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls,
  };
}
