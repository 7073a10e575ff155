/** libseccomp used as runc uses it: the yardstick for our compiler. */

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import koffi from "koffi";
import { ARCHITECTURES, type ArchitectureName } from "../../runtime/seccomp/architectures.ts";
import type { SeccompArgument, SeccompProfile } from "../../runtime/seccomp/profile.ts";
import { OPTIONS } from "./seccomp.ts";

const OPERATORS = ["", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"];
const CTL_OPTIMIZE = 8;
const UNKNOWN = -1;
const ACTIONS: Readonly<Record<string, number>> = {
  KILL: 0,
  KILL_THREAD: 0,
  KILL_PROCESS: 0x80000000,
  TRAP: 0x00030000,
  ERRNO: 0x00050000,
  TRACE: 0x7ff00000,
  ALLOW: 0x7fff0000,
  LOG: 0x7ffc0000,
  NOTIFY: 0x7fc00000,
};

function open() {
  const library = koffi.load("libseccomp.so.2");
  return {
    version: library.func("void *seccomp_version()"),
    setApi: library.func("int seccomp_api_set(unsigned int level)"),
    init: library.func("void *seccomp_init(uint32_t action)"),
    addArch: library.func("int seccomp_arch_add(void *context, uint32_t token)"),
    addRule: library.func(
      "int seccomp_rule_add_array(void *context, uint32_t action, int call, unsigned int count, const void *args)",
    ),
    setAttribute: library.func("int seccomp_attr_set(void *context, int attribute, uint32_t value)"),
    exportBpf: library.func("int seccomp_export_bpf(void *context, int fd)"),
    release: library.func("void seccomp_release(void *context)"),
    resolve: library.func("int seccomp_syscall_resolve_name(const char *name)"),
    resolveArch: library.func("int seccomp_syscall_resolve_name_arch(uint32_t token, const char *name)"),
    nameOf: library.func("const char *seccomp_syscall_resolve_num_arch(uint32_t token, int number)"),
  };
}

type Library = ReturnType<typeof open>;
let opened: Library | undefined;

/** The library, or why it can't be had. */
export function libseccomp(): Library | string {
  try {
    opened ??= open();
    opened.setApi(6);
    return opened;
  } catch (error) {
    return String(error);
  }
}

function library(): Library {
  const found = libseccomp();
  if (typeof found === "string") throw new Error(found);
  return found;
}

/** libseccomp's token for an architecture. */
export function token(name: ArchitectureName): number {
  return name === "SCMP_ARCH_X32" ? 0x4000003e : ARCHITECTURES[name].audit;
}

/** Number of a call, negative when the architecture lacks it; -1 when nothing is known of it. */
export function resolve(name: string, architecture: ArchitectureName): number {
  return library().resolveArch(token(architecture), name) as number;
}

/** The library's name for a number. */
export function nameOf(architecture: ArchitectureName, number: number): string | null {
  return library().nameOf(token(architecture), number) as string | null;
}

function action(name: string, errno: number | bigint | undefined): number {
  const value = ACTIONS[name.replace("SCMP_ACT_", "")] as number;
  return value === ACTIONS.ERRNO || value === ACTIONS.TRACE ? value | Number(errno ?? 1) : value;
}

/** Lists of comparisons, each for one rule. */
function ruleArguments(args: readonly SeccompArgument[]): SeccompArgument[][] {
  const twice = new Set(args.map(({ index }) => index)).size < args.length;
  return twice ? args.map((argument) => [argument]) : [[...args]];
}

function comparisons(args: readonly SeccompArgument[]): Uint8Array {
  const bytes = new Uint8Array(24 * Math.max(args.length, 1));
  const view = new DataView(bytes.buffer);
  args.forEach(({ index, op, value, valueTwo }, at) => {
    view.setUint32(at * 24, Number(index), true);
    view.setUint32(at * 24 + 4, OPERATORS.indexOf(op.replace("SCMP_CMP_", "")), true);
    view.setBigUint64(at * 24 + 8, BigInt(value), true);
    view.setBigUint64(at * 24 + 16, BigInt(valueTwo ?? 0), true);
  });
  return bytes;
}

/** Adds the profile's rules as runc does; the first error, a negative errno, or 0. */
function addRules(context: unknown, profile: SeccompProfile, fallback: number): number {
  const { addRule, resolve: byName } = library();
  for (const entry of profile.syscalls ?? []) {
    const wanted = action(entry.action, entry.errnoRet);
    if (wanted === fallback) continue;
    for (const name of entry.names) {
      const number = byName(name) as number;
      if (number === UNKNOWN) continue;
      for (const args of ruleArguments(entry.args ?? [])) {
        const error = addRule(context, wanted, number, args.length, comparisons(args)) as number;
        if (error < 0) return error;
      }
    }
  }
  return 0;
}

function exported(context: unknown): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "tsrun-seccomp-"));
  try {
    const path = join(folder, "program");
    const fd = openSync(path, "w");
    const error = library().exportBpf(context, fd) as number;
    closeSync(fd);
    if (error < 0) throw new Error(`seccomp_export_bpf: ${error}`);
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The program that libseccomp makes of a profile, in runc's manner but without runc's stub, or the error (a negative
 * errno) with which it refuses it.
 * @param tree whether to ask for its binary tree
 */
export function libseccompProgram(profile: SeccompProfile, tree = false): Uint8Array | number {
  const { init, release, addArch, setAttribute } = library();
  const fallback = action(profile.defaultAction, profile.defaultErrnoRet);
  const context: unknown = init(fallback);
  try {
    for (const name of profile.architectures ?? []) addArch(context, token(name as ArchitectureName));
    if (tree) setAttribute(context, CTL_OPTIMIZE, 2);
    const error = addRules(context, profile, fallback);
    return error < 0 ? error : exported(context);
  } finally {
    release(context);
  }
}

/** Whether the installed library knows a call as our tables do: an older one lacks the newest ones. */
function agreed(name: string): boolean {
  return (["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const).every((one) => {
    const theirs = resolve(name, one);
    const ours = OPTIONS.tables.numbers(one)?.get(name);
    return theirs === ours || (theirs < -1 && (ours === undefined || theirs > -300));
  });
}

/** The profile without the names of which the installed library knows less. */
export function comparable(profile: SeccompProfile): SeccompProfile {
  const syscalls = (profile.syscalls ?? []).map((entry) => ({ ...entry, names: entry.names.filter(agreed) }));
  return { ...profile, syscalls: syscalls.filter(({ names }) => names.length > 0) };
}
