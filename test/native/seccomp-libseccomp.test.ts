import { describe, expect, test } from "@jest/globals";
import { compileSeccomp } from "../../runtime/seccomp/compile.ts";
import type { SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { type CallData, emulate } from "../support/bpf-emulator.ts";
import { comparable, libseccomp, libseccompProgram, nameOf, resolve } from "../support/libseccomp.ts";
import {
  ARCHES,
  describeCall,
  I386,
  interestingNumbers,
  interestingValues,
  OPTIONS,
  PROFILES,
  X86_64,
} from "../support/seccomp.ts";
import { type Ingredients, pick, type Random, random, randomProfile, show } from "../support/seccomp-random.ts";

const available = libseccomp();
const suite = typeof available === "string" ? describe.skip : describe;
if (typeof available === "string") console.warn(`skipped: libseccomp can't be loaded: ${available}`);

const X86 = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const;
const NO_STUB = { ...OPTIONS, enosysStub: false };

/** The calls on which two programs differ, in words. */
function differences(ours: Uint8Array, theirs: Uint8Array, calls: Iterable<CallData>): string[] {
  const list: string[] = [];
  for (const call of calls) {
    const [got, wanted] = [emulate(ours, call), emulate(theirs, call)];
    if (got !== wanted) list.push(`${describeCall(call)}: ${got.toString(16)} for ${wanted.toString(16)}`);
  }
  return list;
}

suite("tables and libseccomp", () => {
  test.each(X86)("%s: both know the same calls by the same numbers, but for what only the newer one knows", (name) => {
    const ours = OPTIONS.tables.numbers(name) as ReadonlyMap<string, number>;
    const unlike = [...ours].filter(([call, number]) => {
      const theirs = resolve(call, name);
      return theirs !== number && theirs !== -1 && !(theirs < -99 && theirs > -300);
    });
    // libseccomp 2.5.4 has map_shadow_stack on x86-64 and x86 alone; the kernel's x32 has it too (unistd_x32.h, 6.12).
    expect(unlike.map(([call]) => call).filter((call) => call !== "map_shadow_stack")).toEqual([]);
    const base = name === "SCMP_ARCH_X32" ? 0x40000000 : 0;
    const names = new Set(ours.keys());
    for (let number = 0; number < 1000; number++) {
      const call = nameOf(name, base | number);
      expect([call, call === null || names.has(call)]).toEqual([call, true]);
    }
  });
});

suite("clients' profiles", () => {
  /** Every number of every architecture, without arguments and with a few that the profile names. */
  function* calls(profile: SeccompProfile, next: Random): Iterable<CallData> {
    const values = interestingValues(profile);
    for (const nr of interestingNumbers()) {
      for (const arch of ARCHES) {
        yield { nr, arch };
        for (let count = 0; count < 3; count++) yield { nr, arch, args: [0, 1, 2].map(() => pick(next, values)) };
      }
    }
  }

  /** Every value for every argument of the calls that have conditions. */
  function* conditional(profile: SeccompProfile): Iterable<CallData> {
    const values = interestingValues(profile);
    const names = (profile.syscalls ?? []).flatMap(({ names: list, args }) => (args?.length ? list : []));
    for (const [arch, name] of [
      [X86_64, "SCMP_ARCH_X86_64"],
      [X86_64, "SCMP_ARCH_X32"],
      [I386, "SCMP_ARCH_X86"],
    ] as const) {
      for (const call of new Set(names)) {
        const nr = OPTIONS.tables.numbers(name)?.get(call);
        if (nr === undefined) continue;
        for (const one of values) {
          yield { nr, arch, args: [one] };
          for (const third of values.slice(0, 40)) yield { nr, arch, args: [one, 0n, third] };
        }
      }
    }
  }

  test.each(Object.keys(PROFILES))("%s: every call gets the same action", (name) => {
    const profile = comparable(PROFILES[name] as SeccompProfile);
    const [linear, tree] = [libseccompProgram(profile), libseccompProgram(profile, true)] as [Uint8Array, Uint8Array];
    const ours = compileSeccomp(profile, NO_STUB);
    console.info(
      `${name}: ${ours.instructions} instructions, libseccomp ${linear.length / 8}, its tree ${tree.length / 8}`,
    );
    expect(differences(ours.program, linear, calls(profile, random(1)))).toEqual([]);
    expect(differences(ours.program, linear, conditional(profile))).toEqual([]);
    expect(ours.instructions).toBeLessThan(linear.length / 8 / 3);
  });
});

suite("random profiles", () => {
  const BIG = [0n, 1n, 5n, 40n, 0xffff0000n, 0xffffffffn, 0x100000000n, 0x500000001n, 0xffffffffffffffffn];
  const SMALL = BIG.filter((value) => value <= 0xffffffffn);
  // No call that x86-64 lacks or x86 multiplexes: with those libseccomp 2.5.4 may forget to load the number. Nor several
  // conditions in entries that overlap: those it merges wrongly at times, and at worst it never comes back.
  const NAMES = ["read", "write", "clone", "personality", "ioctl", "prctl", "getpid", "execve", "keyctl", "openat2"];

  function* calls(profile: SeccompProfile, next: Random, limit: bigint): Iterable<CallData> {
    const values = interestingValues(profile).filter((value) => value <= limit);
    const named = X86.flatMap((name) => NAMES.map((call) => OPTIONS.tables.numbers(name)?.get(call) as number));
    for (const nr of new Set([...named, 600, 0x40000000 + 600, 0xffffffff, 0x80000001, 0xc0000001])) {
      for (const arch of [X86_64, I386]) {
        for (let count = 0; count < 8; count++) yield { nr, arch, args: [0, 1, 2].map(() => pick(next, values)) };
      }
    }
  }

  /** Compares `count` profiles; how many of them libseccomp refused as contradictory, which we have to refuse, too. */
  function compare(ingredients: Ingredients, count: number, limit = 2n ** 64n): number {
    let refused = 0;
    for (let seed = 1; seed <= count; seed++) {
      const next = random(seed);
      const profile = randomProfile(next, ingredients);
      const theirs = libseccompProgram(profile);
      if (typeof theirs === "number") {
        refused++;
        expect(() => compileSeccomp(profile, NO_STUB)).toThrow("same conditions and different actions");
        continue;
      }
      const { program } = compileSeccomp(profile, NO_STUB);
      const found = differences(program, theirs, calls(profile, next, limit));
      if (found.length > 0) throw new Error(`seed ${seed}: ${found.slice(0, 3).join("; ")} with ${show(profile)}`);
    }
    return refused;
  }

  test("with up to three conditions on one entry a call", () => {
    expect(
      compare({ names: NAMES, values: BIG, conditions: 3, actions: "any", repeat: false, twice: false }, 120),
    ).toBe(0);
  });

  test("with entries that overlap and agree", () => {
    expect(
      compare({ names: NAMES, values: SMALL, conditions: 1, actions: "one", repeat: true, twice: false }, 120),
    ).toBe(0);
  });

  test("with entries that overlap and disagree: the same one wins, the same ones are refused", () => {
    const few = { names: NAMES.slice(0, 4), values: SMALL.slice(0, 4) };
    const ingredients: Ingredients = { ...few, conditions: 1, actions: "any", repeat: true, twice: false };
    expect(compare(ingredients, 200, 0xffffffffn)).toBeGreaterThan(3);
  });
});
