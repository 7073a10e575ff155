/** What a profile means, read straight from the specification and runc's ways, for one call at a time. */

import { ARCHITECTURES, type ArchitectureName } from "../../runtime/seccomp/architectures.ts";
import type { SeccompArgument, SeccompEntry, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import type { CallData } from "./bpf-emulator.ts";
import { I386, OPTIONS, X32_BIT } from "./seccomp.ts";

const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
};
const WITH_DATA: ReadonlySet<string> = new Set(["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"]);

const SOCKETCALL = (
  "- socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown " +
  "setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg"
).split(" ");
const IPC = (
  "- semop semget semctl semtimedop - - - - - - msgsnd msgrcv msgget msgctl - - - - - - " + //
  "shmat shmdt shmget shmctl"
).split(" ");
const CARRIERS: ReadonlyMap<number, readonly string[]> = new Map([
  [102, SOCKETCALL],
  [117, IPC],
]);

/** The filter's return value for an action of a profile. */
export function value(action: string, errno?: number | bigint): number {
  return (ACTIONS[action] as number) + (WITH_DATA.has(action) ? Number(errno ?? 1) : 0);
}

const COMPARISONS: Readonly<Record<string, (arg: bigint, value: bigint, second: bigint) => boolean>> = {
  SCMP_CMP_NE: (arg, wanted) => arg !== wanted,
  SCMP_CMP_LT: (arg, wanted) => arg < wanted,
  SCMP_CMP_LE: (arg, wanted) => arg <= wanted,
  SCMP_CMP_EQ: (arg, wanted) => arg === wanted,
  SCMP_CMP_GE: (arg, wanted) => arg >= wanted,
  SCMP_CMP_GT: (arg, wanted) => arg > wanted,
  SCMP_CMP_MASKED_EQ: (arg, mask, wanted) => (arg & mask) === (wanted & mask),
};

function holds(condition: SeccompArgument, args: readonly bigint[], bits: 32 | 64): boolean {
  const cut = (number: number | bigint) => BigInt.asUintN(bits, BigInt(number));
  const compare = COMPARISONS[condition.op] as (arg: bigint, value: bigint, second: bigint) => boolean;
  return compare(cut(args[Number(condition.index)] ?? 0n), cut(condition.value), cut(condition.valueTwo ?? 0));
}

/** Whether an entry's arguments fit: all of them, or any if one argument is named twice. */
function fits({ args = [] }: SeccompEntry, call: CallData, bits: 32 | 64, but?: number): boolean {
  const twice = new Set(args.map(({ index }) => index)).size < args.length;
  const answer = (one: SeccompArgument) => Number(one.index) === but || holds(one, call.args ?? [], bits);
  return twice ? args.some(answer) : args.every(answer);
}

/** Which of the profile's architectures a call belongs to; undefined for none. */
function architectureOf({ nr, arch }: CallData, listed: ReadonlySet<string>): ArchitectureName | undefined {
  const x32 = nr >= X32_BIT && (listed.has("SCMP_ARCH_X32") || nr !== 0xffffffff);
  const native = x32 ? "SCMP_ARCH_X32" : "SCMP_ARCH_X86_64";
  const name = arch === I386 ? "SCMP_ARCH_X86" : native;
  return listed.has(name) && ARCHITECTURES[name].audit === arch ? name : undefined;
}

/**
 * The return value that the profile asks for on x86-64, without the stub for newer calls. Profiles whose entries for a
 * call disagree are not for this reference: it takes the first entry that fits.
 */
export function reference(profile: SeccompProfile, call: CallData): number {
  const listed = new Set(["SCMP_ARCH_X86_64", ...(profile.architectures ?? [])]);
  const name = architectureOf(call, listed);
  if (name === undefined) return value("SCMP_ACT_KILL");
  const bits = name === "SCMP_ARCH_X86_64" ? 64 : 32;
  const numbers = OPTIONS.tables.numbers(name);
  const carried = name === "SCMP_ARCH_X86" ? CARRIERS.get(call.nr) : undefined;
  const carriedName = carried?.[Number(BigInt.asUintN(32, call.args?.[0] ?? 0n))] ?? "-";
  const entry = (profile.syscalls ?? []).find(
    (one) =>
      value(one.action, one.errnoRet) !== value(profile.defaultAction, profile.defaultErrnoRet) &&
      ((one.names.includes(carriedName) && fits(one, call, bits, 0)) ||
        (one.names.some((each) => numbers?.get(each) === call.nr) && fits(one, call, bits))),
  );
  const { action, errno } =
    entry === undefined
      ? { action: profile.defaultAction, errno: profile.defaultErrnoRet }
      : { action: entry.action, errno: entry.errnoRet };
  return value(action, errno);
}
