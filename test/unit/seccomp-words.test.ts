import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { compileSeccomp } from "../../runtime/seccomp/compile.ts";
import type { SeccompArgument, SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { emulate } from "../support/bpf-emulator.ts";
import { allow, argument, denying, OPTIONS, X86_64 } from "../support/seccomp.ts";

const ALLOW = 0x7fff0000;

function failure(profile: SeccompProfile): { code: string; pointer: string | undefined; message: string } {
  try {
    compileSeccomp(profile, OPTIONS);
  } catch (error) {
    if (error instanceof RuntimeError) {
      return { code: error.code, pointer: error.details.pointer, message: error.message };
    }
    throw error;
  }
  throw new Error("accepted");
}

describe("flags", () => {
  const notify: SeccompEntry = { names: ["mkdir"], action: "SCMP_ACT_NOTIFY" };
  const flags = (list: string[] | undefined, ...syscalls: SeccompEntry[]) => {
    const profile = { defaultAction: "SCMP_ACT_ALLOW", flags: list?.map((name) => `SECCOMP_FILTER_FLAG_${name}`) };
    const { flags: number, warnings } = compileSeccomp({ ...profile, syscalls }, OPTIONS);
    return [number, warnings.length];
  };

  test("become seccomp(2)'s numbers", () => {
    expect(flags(undefined)).toEqual([4, 0]);
    expect(flags([])).toEqual([0, 0]);
    expect(flags(["TSYNC", "LOG", "SPEC_ALLOW"])).toEqual([7, 0]);
  });

  test("ask for a listener if and only if something notifies", () => {
    expect(flags([], notify)).toEqual([8, 0]);
    expect(flags(["TSYNC"], notify)).toEqual([1 | 8 | 16, 0]);
    expect(flags(["WAIT_KILLABLE_RECV"], notify)).toEqual([8 | 32, 0]);
    expect(flags(["WAIT_KILLABLE_RECV"])).toEqual([0, 1]);
  });
});

describe("errors", () => {
  const entry = (change: object): SeccompProfile => ({
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [allow(["read"]), { names: ["write"], action: "SCMP_ACT_ALLOW", ...change }],
  });
  const arg = (change: object) => entry({ args: [argument(0, "EQ", 0), { ...argument(1, "EQ", 0), ...change }] });

  test.each<[string, SeccompProfile]>([
    ["/defaultAction", { defaultAction: "SCMP_ACT_DENY" }],
    ["/defaultErrnoRet", { defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1 }],
    ["/defaultErrnoRet", { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 4096 }],
    ["/architectures/1", { defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86", "SCMP_ARCH_VAX"] }],
    ["/flags/0", { defaultAction: "SCMP_ACT_ALLOW", flags: ["toString"] }],
    ["/syscalls/1/action", entry({ action: "ALLOW" })],
    ["/syscalls/1/action", entry({ action: "constructor" })],
    ["/syscalls/1/errnoRet", entry({ errnoRet: 1 })],
    ["/syscalls/1/errnoRet", entry({ action: "SCMP_ACT_ERRNO", errnoRet: 2n ** 32n })],
    ["/syscalls/1/errnoRet", entry({ action: "SCMP_ACT_TRACE", errnoRet: 65536 })],
    ["/syscalls/1/args/1/op", arg({ op: "SCMP_CMP_ALMOST" })],
    ["/syscalls/1/args/1/index", arg({ index: 6 })],
    ["/syscalls/1/args/1/value", arg({ value: 2n ** 64n })],
    ["/syscalls/1/args/1/value", arg({ value: -1 })],
    ["/syscalls/1/args/1/value", arg({ value: 2 ** 53 })],
    ["/syscalls/1/args/1/valueTwo", arg({ op: "SCMP_CMP_MASKED_EQ", valueTwo: -1n })],
  ])("%s", (pointer, profile) => {
    expect(failure(profile)).toMatchObject({ code: "E_CONFIG_INVALID", pointer: `/linux/seccomp${pointer}` });
  });

  test("entries that contradict each other", () => {
    const same = [argument(0, "EQ", 1)];
    const longer = [argument(0, "EQ", 1), argument(1, "EQ", 2)];
    const two = (first: SeccompArgument[], second: SeccompArgument[]) =>
      denying(allow(["ioctl"], ...first), { names: ["ioctl"], action: "SCMP_ACT_LOG", args: second });
    const contradiction = { code: "E_CONFIG_INVALID", pointer: "/linux/seccomp/syscalls/1" };
    expect(failure(two(same, same))).toMatchObject(contradiction);
    expect(failure(two(longer, same))).toMatchObject(contradiction);
    const { program } = compileSeccomp(two(same, longer), OPTIONS);
    expect(emulate(program, { nr: 16, arch: X86_64, args: [1n, 2n] })).toBe(ALLOW);
  });

  test("more than the kernel takes", () => {
    const entries = Array.from({ length: 1000 }, (_, index) =>
      allow(["ioctl"], argument(0, "EQ", BigInt(index) << 32n), argument(1, "GT", BigInt(index))),
    );
    expect(failure(denying(...entries))).toMatchObject({ code: "E_CONFIG_INVALID", pointer: "/linux/seccomp" });
  });
});
