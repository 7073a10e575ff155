/** System call names to numbers, from the compact tables of tables/ (their form: schemas/syscalls/generate.ts). */

import { ARCHITECTURES, type ArchitectureName } from "./architectures.ts";

/** Tables as they are kept in source, for the architectures that one file covers. */
export type TableSet = Readonly<Partial<Record<ArchitectureName, string>>>;

/** What the compiler asks: the numbers of one architecture, and whether a name is a call at all. */
export interface SyscallTables {
  /** Name -> number as the kernel reports it (with x32's bit, with MIPS' base); undefined: no table is loaded. */
  numbers(architecture: ArchitectureName): ReadonlyMap<string, number> | undefined;
  /** Whether an architecture without a table has a call of this name. */
  elsewhere(name: string): boolean;
}

const ZERO = 48;
const NINE = 57;
const MINUS = 45;

function decode(table: string, base: number): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = base;
  for (const token of table.split(" ")) {
    const first = token.charCodeAt(0);
    if (first >= ZERO && first <= NINE) next += Number(token);
    else if (first === MINUS) numbers.delete(token.slice(1));
    else numbers.set(token, next++);
  }
  return numbers;
}

/**
 * Tables over the given sets, decoded on first use and kept. `elsewhere` lists, separated by blanks, the names that
 * only other architectures have.
 */
export function syscallTables(sets: readonly TableSet[], elsewhere = ""): SyscallTables {
  const decoded = new Map<ArchitectureName, Map<string, number>>();
  const foreign = ` ${elsewhere} `;
  return {
    numbers(architecture) {
      const known = decoded.get(architecture);
      if (known !== undefined) return known;
      for (const set of sets) {
        const table = set[architecture];
        if (table === undefined) continue;
        const numbers = decode(table, ARCHITECTURES[architecture].base);
        decoded.set(architecture, numbers);
        return numbers;
      }
      return undefined;
    },
    elsewhere: (name) => foreign.includes(` ${name} `),
  };
}
