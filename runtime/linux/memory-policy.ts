/** Words of linux.memoryPolicy as the numbers of set_mempolicy(2) (linux/mempolicy.h). */

/** Modes; MPOL_PREFERRED_MANY since 5.15, MPOL_WEIGHTED_INTERLEAVE since 6.9. */
export const MEMORY_MODES = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const satisfies Readonly<Record<string, number>>;

/** Flags that go into the mode; MPOL_F_NUMA_BALANCING since 5.12. */
export const MEMORY_FLAGS = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
} as const satisfies Readonly<Record<string, number>>;

/** `MPOL_BIND|MPOL_F_STATIC_NODES` for a mode with its flags. */
export function memoryPolicyName(mode: number): string {
  const flags = Object.entries(MEMORY_FLAGS).filter(([, bit]) => (mode & bit) !== 0);
  const bare = flags.reduce((rest, [, bit]) => rest & ~bit, mode);
  const name = Object.entries(MEMORY_MODES).find(([, number]) => number === bare)?.[0] ?? `policy ${bare}`;
  return [name, ...flags.map(([flag]) => flag)].join("|");
}
