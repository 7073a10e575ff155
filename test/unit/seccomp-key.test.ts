import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { compileSeccomp } from "../../runtime/seccomp/compile.ts";
import { COMPILER_VERSION, filterCacheKey } from "../../runtime/seccomp/key.ts";
import type { SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { OPTIONS, PROFILES } from "../support/seccomp.ts";

const BASE: SeccompProfile = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86"],
  syscalls: [
    { names: ["read", "write"], action: "SCMP_ACT_ALLOW" },
    { names: ["ioctl"], action: "SCMP_ACT_ALLOW", args: [{ index: 1, value: 7, op: "SCMP_CMP_EQ" }] },
  ],
};
const key = (profile: SeccompProfile) => filterCacheKey(profile, OPTIONS);

describe("the cache's key", () => {
  test("is the same for what is the same", () => {
    const args = [{ index: 1n, value: 7n, op: "SCMP_CMP_EQ" }];
    const [first] = BASE.syscalls as [SeccompEntry];
    const big = { ...BASE, syscalls: [first, { names: ["ioctl"], action: "SCMP_ACT_ALLOW", args }] };
    expect(key(big)).toBe(key(BASE));
    expect(filterCacheKey(BASE, { ...OPTIONS, enosysStub: true })).toBe(key(BASE));
  });

  test.each<[string, Partial<SeccompProfile>]>([
    ["the default action", { defaultAction: "SCMP_ACT_LOG" }],
    ["the default errno", { defaultErrnoRet: 1 }],
    ["an architecture", { architectures: [] }],
    ["no flags", { flags: [] }],
    ["how names are split", { syscalls: [{ names: ["read write"], action: "SCMP_ACT_ALLOW" }] }],
    ["the entries", { syscalls: [] }],
  ])("differs by %s", (_, change) => {
    expect(key({ ...BASE, ...change })).not.toBe(key(BASE));
  });

  test.each<[string, object]>([
    ["index", { index: 2 }],
    ["value", { value: 2n ** 63n }],
    ["valueTwo", { valueTwo: 0 }],
    ["op", { op: "SCMP_CMP_NE" }],
  ])("differs by an argument's %s", (_, change) => {
    const changed = { index: 1, value: 7, op: "SCMP_CMP_EQ", ...change };
    const syscalls = [
      ...(BASE.syscalls ?? []).slice(0, 1),
      { names: ["ioctl"], action: "SCMP_ACT_ALLOW", args: [changed] },
    ];
    expect(key({ ...BASE, syscalls })).not.toBe(key(BASE));
  });

  test("differs by how it is compiled", () => {
    expect(filterCacheKey(BASE, { ...OPTIONS, enosysStub: false })).not.toBe(key(BASE));
    expect(filterCacheKey(BASE, { ...OPTIONS, native: "SCMP_ARCH_AARCH64" })).not.toBe(key(BASE));
  });

  test("has a version that goes up with every change of programs", () => {
    const hash = createHash("sha256");
    for (const profile of Object.values(PROFILES)) hash.update(compileSeccomp(profile, OPTIONS).program);
    for (const numbers of ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const) {
      hash.update(JSON.stringify([...(OPTIONS.tables.numbers(numbers) ?? [])]));
    }
    // When this fails: raise COMPILER_VERSION, or filters compiled before stay in people's caches; then note both here.
    expect([COMPILER_VERSION, hash.digest("hex").slice(0, 16)]).toEqual([1, "76158e4463f26f2d"]);
  });
});
