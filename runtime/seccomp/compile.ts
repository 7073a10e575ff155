/**
 * A profile as the program that seccomp(2) loads. What it decides is what runc's does, libseccomp's rules and runc's
 * stub for newer calls included; how it decides is shorter: one search over ranges of numbers for each value of
 * `seccomp_data.arch`.
 */

import { filterFlags, KILL_THREAD, NOTIFY } from "./actions.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { Assembler, TESTS } from "./assembler.ts";
import { readProfile } from "./calls.ts";
import { ARCH_OFFSET } from "./emit.ts";
import { architectures, type CompileOptions, type Part, part, warnOfUnknown } from "./parts.ts";
import { invalid, POINTER, type SeccompProfile } from "./profile.ts";
import { Section } from "./section.ts";

export interface CompiledFilter {
  /** Array of struct sock_filter, 8 bytes each. */
  readonly program: Uint8Array;
  readonly instructions: number;
  /** SECCOMP_FILTER_FLAG_* for seccomp(2), NEW_LISTENER included if `notify`. */
  readonly flags: number;
  /** One line each, with the pointer. */
  readonly warnings: readonly string[];
  /** Whether any rule, or the default, notifies. */
  readonly notify: boolean;
}

/** The kernel's limit for one program (BPF_MAXINSNS). */
const MAX_INSTRUCTIONS = 4096;

function emit(parts: readonly Part[], defaultAction: number): Assembler {
  const asm = new Assembler();
  const audits = [...new Set(parts.map(({ name }) => ARCHITECTURES[name].audit))];
  const sections = audits.reverse().map((audit) => {
    const list = parts.filter(({ name }) => ARCHITECTURES[name].audit === audit);
    return [audit, new Section(asm, defaultAction).emit(list)] as const;
  });
  const start = sections.reduce(
    (otherwise, [audit, section]) => asm.test(TESTS.equal, audit, section, otherwise),
    asm.return(KILL_THREAD),
  );
  asm.load(ARCH_OFFSET, start);
  return asm;
}

/**
 * Compiles a profile.
 * @throws E_CONFIG_INVALID with the pointer of what is wrong: unknown words, values out of range, an errno with an action
 *   that takes none, entries that contradict each other, or more than the kernel's 4096 instructions
 */
export function compileSeccomp(profile: SeccompProfile, options: CompileOptions): CompiledFilter {
  const read = readProfile(profile);
  const warnings: string[] = [];
  const parts = architectures(profile, options, warnings).map((name) => part(read, name, options));
  warnings.push(...warnOfUnknown(profile, parts, options.tables));
  const asm = emit(parts, read.defaultAction);
  if (asm.length > MAX_INSTRUCTIONS) {
    throw invalid(`the filter has ${asm.length} instructions, the kernel takes ${MAX_INSTRUCTIONS}`, POINTER);
  }
  const notify = [read.defaultAction, ...read.entries.map(({ action }) => action)].includes(NOTIFY);
  const program = asm.bytes(ARCHITECTURES[options.native].bigEndian);
  return { program, instructions: asm.length, flags: filterFlags(profile, notify, warnings), warnings, notify };
}
