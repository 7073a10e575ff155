/**
 * The architectures a profile can name: what the kernel reports for them and how their calls look.
 * Sources: linux/audit.h and linux/elf-em.h (kernel 6.12), config-linux.md#seccomp for the names.
 */

/** What the compiler has to know of one architecture (an ABI, as far as the kernel can tell them apart). */
export interface Architecture {
  /** `seccomp_data.arch` of a call (AUDIT_ARCH_*). */
  readonly audit: number;
  /** Whether both words of an argument count; libseccomp compares only the low one elsewhere, x32 included. */
  readonly wide: boolean;
  readonly bigEndian: boolean;
  /** Number of the table's first call. */
  readonly base: number;
  /** Whether socketcall(2) and ipc(2) carry calls that rules name one by one. */
  readonly multiplexed: boolean;
}

/** Bit of a call's number that tells x32 from x86-64; both report the same `audit`. */
export const X32_BIT = 0x40000000;

const LITTLE = 0x40000000;
const IS_64BIT = 0x80000000;
const MIPS_N32 = 0x20000000;

function architecture(audit: number, wide: boolean, multiplexed = false, base = 0): Architecture {
  return { audit: audit >>> 0, wide, bigEndian: (audit & LITTLE) === 0, base, multiplexed };
}

const X86_64 = architecture(62 | IS_64BIT | LITTLE, true);

export const ARCHITECTURES = {
  SCMP_ARCH_X86: architecture(3 | LITTLE, false, true),
  SCMP_ARCH_X86_64: X86_64,
  SCMP_ARCH_X32: { ...X86_64, wide: false, base: X32_BIT },
  SCMP_ARCH_ARM: architecture(40 | LITTLE, false),
  SCMP_ARCH_AARCH64: architecture(183 | IS_64BIT | LITTLE, true),
  SCMP_ARCH_LOONGARCH64: architecture(258 | IS_64BIT | LITTLE, true),
  SCMP_ARCH_M68K: architecture(4, false, true),
  SCMP_ARCH_MIPS: architecture(8, false, true, 4000),
  SCMP_ARCH_MIPS64: architecture(8 | IS_64BIT, true, false, 5000),
  SCMP_ARCH_MIPS64N32: architecture(8 | IS_64BIT | MIPS_N32, false, false, 6000),
  SCMP_ARCH_MIPSEL: architecture(8 | LITTLE, false, true, 4000),
  SCMP_ARCH_MIPSEL64: architecture(8 | IS_64BIT | LITTLE, true, false, 5000),
  SCMP_ARCH_MIPSEL64N32: architecture(8 | IS_64BIT | MIPS_N32 | LITTLE, false, false, 6000),
  SCMP_ARCH_PPC: architecture(20, false, true),
  SCMP_ARCH_PPC64: architecture(21 | IS_64BIT, true, true),
  SCMP_ARCH_PPC64LE: architecture(21 | IS_64BIT | LITTLE, true, true),
  SCMP_ARCH_S390: architecture(22, false, true),
  SCMP_ARCH_S390X: architecture(22 | IS_64BIT, true, true),
  SCMP_ARCH_SH: architecture(42 | LITTLE, false, true),
  SCMP_ARCH_SHEB: architecture(42, false, true),
  SCMP_ARCH_PARISC: architecture(15, false),
  SCMP_ARCH_PARISC64: architecture(15 | IS_64BIT, true),
  SCMP_ARCH_RISCV64: architecture(243 | IS_64BIT | LITTLE, true),
} as const satisfies Record<string, Architecture>;

export type ArchitectureName = keyof typeof ARCHITECTURES;

/** Whether `name` is one of the specification's SCMP_ARCH_* names. */
export function isArchitecture(name: string): name is ArchitectureName {
  return Object.hasOwn(ARCHITECTURES, name);
}
