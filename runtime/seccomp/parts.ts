/** What every architecture that a filter has to know contributes to it. */

import { ACTION_MASK, ALLOW, ENOSYS, ERRNO, LOG, TRACE } from "./actions.ts";
import { ARCHITECTURES, type ArchitectureName, isArchitecture } from "./architectures.ts";
import { type Calls, gatherCalls, type ReadProfile } from "./calls.ts";
import { entryPointer, invalid, POINTER, type SeccompProfile } from "./profile.ts";
import type { SyscallTables } from "./syscalls.ts";

export interface CompileOptions {
  /** The architecture of this machine: always part of the filter, listed or not. */
  readonly native: ArchitectureName;
  readonly tables: SyscallTables;
  /**
   * Whether calls newer than all those that the profile names give ENOSYS, as if this kernel had none (default), so that
   * programs fall back to older ones instead of failing. Not done where the default is to let calls through.
   */
  readonly enosysStub?: boolean | undefined;
}

/** With these as the default, unknown calls pass, or have a tracer that knows what to do: no stub. */
const PERMISSIVE: ReadonlySet<number> = new Set([ALLOW, LOG, TRACE]);

/** What one architecture contributes. */
export interface Part {
  readonly name: ArchitectureName;
  readonly calls: Calls;
  /** What is done about numbers beyond the last that the profile knows. */
  readonly newer: number;
}

/** The listed architectures, the native one first, as far as their calls can occur here. */
export function architectures(
  profile: SeccompProfile,
  options: CompileOptions,
  warnings: string[],
): ArchitectureName[] {
  const names = new Set([options.native]);
  for (const [index, name] of (profile.architectures ?? []).entries()) {
    const pointer = `${POINTER}/architectures/${index}`;
    if (!isArchitecture(name)) throw invalid(`${name} is no architecture`, pointer);
    const foreign = ARCHITECTURES[name].bigEndian !== ARCHITECTURES[options.native].bigEndian;
    if (foreign || options.tables.numbers(name) === undefined) {
      warnings.push(`seccomp: ${name} has no effect on this machine (config.json ${pointer})`);
    } else {
      names.add(name);
    }
  }
  return [...names];
}

/** A line for every name that is no system call at all; such a name has no effect. */
export function warnOfUnknown(profile: SeccompProfile, parts: readonly Part[], tables: SyscallTables): string[] {
  const [native, ...others] = parts as readonly [Part, ...Part[]];
  const known = (name: string) => others.some((one) => tables.numbers(one.name)?.has(name)) || tables.elsewhere(name);
  const unknown = native.calls.missing.filter((name) => !known(name));
  return [...new Set(unknown)].map((name) => {
    const entry = (profile.syscalls ?? []).findIndex(({ names }) => names.includes(name));
    const index = profile.syscalls?.[entry]?.names.indexOf(name);
    return `seccomp: system call ${name} is unknown (config.json ${entryPointer(entry)}/names/${index})`;
  });
}

/** setup(2), number 0, is how s390 makes calls of large numbers: unknown ones arrive as it. */
function withoutSetup(calls: Calls): Calls {
  const near = calls.near.slice();
  near[0] = calls.verdicts.length;
  return { ...calls, near, verdicts: [...calls.verdicts, ERRNO | ENOSYS] };
}

/**
 * The part of an architecture that has a table.
 * @throws E_CONFIG_INVALID when two entries contradict each other
 */
export function part(read: ReadProfile, name: ArchitectureName, options: CompileOptions): Part {
  const table = options.tables.numbers(name) as ReadonlyMap<string, number>;
  const calls = gatherCalls(read, ARCHITECTURES[name], table);
  const stub = (options.enosysStub ?? true) && calls.last > 0 && !PERMISSIVE.has(read.defaultAction & ACTION_MASK);
  if (!stub) return { name, calls, newer: read.defaultAction };
  const multiplexes = name === "SCMP_ARCH_S390" || name === "SCMP_ARCH_S390X";
  return { name, calls: multiplexes ? withoutSetup(calls) : calls, newer: ERRNO | ENOSYS };
}
