import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { checkNeededCalls, type NeededCall } from "../../runtime/seccomp/needed.ts";
import type { SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { OPTIONS, PROFILES } from "../support/seccomp.ts";

const CLONE_FLAGS = 0x4111;
const NEEDED: readonly NeededCall[] = [
  { name: "read" },
  { name: "write", args: [3] },
  { name: "close_range" },
  { name: "execve" },
  { name: "prctl", args: [38, 1] },
  { name: "clone", args: [CLONE_FLAGS] },
  { name: "exit_group" },
];

/** The pointer of the refusal, less the profile's own, or "". */
function refusal(profile: SeccompProfile): string {
  try {
    checkNeededCalls(profile, NEEDED, OPTIONS);
    return "";
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== "E_CONFIG_INVALID") throw error;
    return (error.details.pointer ?? "").replace("/linux/seccomp", "");
  }
}

function entry(names: string[], action: string, ...args: (readonly [number, string, number, number?])[]): SeccompEntry {
  return {
    names,
    action: `SCMP_ACT_${action}`,
    args: args.map(([index, op, value, valueTwo]) => ({ index, op: `SCMP_CMP_${op}`, value, valueTwo })),
  };
}

function permissive(...syscalls: SeccompEntry[]): string {
  return refusal({ defaultAction: "SCMP_ACT_ALLOW", syscalls });
}

const ALL = NEEDED.map(({ name }) => name);

describe("calls that init needs", () => {
  test.each(Object.keys(PROFILES))("pass under %s, even if its default killed", (name) => {
    const profile = PROFILES[name] as SeccompProfile;
    expect(refusal(profile)).toBe("");
    expect(refusal({ ...profile, defaultAction: "SCMP_ACT_KILL_PROCESS", defaultErrnoRet: undefined })).toBe("");
  });

  test.each(["KILL", "KILL_THREAD", "KILL_PROCESS", "TRAP", "NOTIFY"])("are refused with %s", (action) => {
    expect(permissive(entry(["mkdir"], action), entry(["mkdir", "execve"], action))).toBe("/syscalls/1/action");
    expect(refusal({ defaultAction: `SCMP_ACT_${action}` })).toBe("/defaultAction");
    expect(refusal({ defaultAction: `SCMP_ACT_${action}`, syscalls: [entry(ALL, "ALLOW")] })).toBe("");
    expect(permissive(entry(["mkdir"], action))).toBe("");
  });

  test.each(["ERRNO", "TRACE", "LOG", "ALLOW"])("are not refused with %s: init reports what fails", (action) => {
    expect(permissive(entry(ALL, action))).toBe("");
    expect(refusal({ defaultAction: `SCMP_ACT_${action}`, syscalls: [entry(["mkdir"], "KILL")] })).toBe("");
  });

  test("count with their known arguments", () => {
    expect(permissive(entry(["prctl"], "KILL", [0, "EQ", 22]))).toBe("");
    expect(permissive(entry(["prctl"], "KILL", [0, "GE", 38]))).toBe("/syscalls/0/action");
    expect(permissive(entry(["prctl"], "KILL", [0, "LT", 39], [1, "NE", 0]))).toBe("/syscalls/0/action");
    expect(permissive(entry(["prctl"], "KILL", [0, "LE", 37]))).toBe("");
    expect(permissive(entry(["prctl"], "KILL", [0, "GT", 2 ** 40]))).toBe("");
    expect(permissive(entry(["clone"], "KILL", [0, "MASKED_EQ", 0x10000000, 0x10000000]))).toBe("");
    expect(permissive(entry(["clone"], "KILL", [0, "MASKED_EQ", 0x10000000, 0]))).toBe("/syscalls/0/action");
  });

  test("get the benefit of the doubt, but not from an agent that nobody runs yet", () => {
    expect(permissive(entry(["write"], "KILL", [2, "EQ", 5]))).toBe("");
    expect(permissive(entry(["write"], "NOTIFY", [2, "EQ", 5]))).toBe("/syscalls/0/action");
    expect(permissive(entry(["write"], "NOTIFY", [0, "EQ", 1], [2, "EQ", 5]))).toBe("");
    const killing = (...syscalls: SeccompEntry[]) =>
      refusal({
        defaultAction: "SCMP_ACT_KILL",
        syscalls: [
          entry(
            ALL.filter((one) => one !== "write"),
            "ALLOW",
          ),
          ...syscalls,
        ],
      });
    expect(killing(entry(["write"], "ALLOW", [2, "EQ", 5]))).toBe("");
    expect(killing(entry(["write"], "ALLOW", [0, "EQ", 1]))).toBe("/defaultAction");
    expect(killing(entry(["write"], "TRAP", [2, "EQ", 5]))).toBe("/syscalls/1/action");
  });

  test("may be newer than the profile: then they fail, and do not kill", () => {
    const old = ["read", "write", "execve", "prctl", "clone", "exit_group"];
    expect(refusal({ defaultAction: "SCMP_ACT_KILL", syscalls: [entry(old, "ALLOW")] })).toBe("");
    const newer = [...old, "openat2"];
    expect(refusal({ defaultAction: "SCMP_ACT_KILL", syscalls: [entry(newer, "ALLOW")] })).toBe("/defaultAction");
  });

  test("are settled by the first entry without conditions", () => {
    expect(permissive(entry(["read"], "LOG"), entry(["read"], "KILL"))).toBe("");
    expect(permissive(entry(["read"], "KILL", [0, "EQ", 0]), entry(["read"], "TRAP"))).toBe("/syscalls/1/action");
  });
});
