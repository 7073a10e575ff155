/**
 * Writes runtime/seccomp/tables/*.ts: the system calls of every architecture, asked of libseccomp, which has them for
 * all of the specification's architectures. To be run by hand when kernels bring new calls:
 *
 *     npx tsc -p . && TSRUN_LIBSECCOMP=/path/libseccomp.so.2 node dist/js/schemas/syscalls/generate.js
 *
 * The committed tables came from libseccomp 2.6.0 (calls of kernel 6.13) plus LATER. The architectures it does not know
 * (an older library) keep nothing of the old tables: use the newest library at hand. test/native/seccomp-tables.test.ts
 * compares the tables with the library that is installed.
 *
 * A table is one string: names in the order of their numbers, a number N instead of a name skips N numbers, `-name`
 * withdraws a name. x32 is x86-64's table, less what it lacks, then its own calls from 512 on, which come later and win.
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { ARCHITECTURES, type ArchitectureName, X32_BIT } from "../../runtime/seccomp/architectures.ts";

/** Calls newer than the library (kernels 6.15, 6.17, 6.18): a new call has the same number everywhere, or few homes. */
const LATER: readonly (readonly [number, string, (readonly ArchitectureName[])?])[] = [
  [336, "uprobe", ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"]],
  [467, "open_tree_attr"],
  [468, "file_getattr"],
  [469, "file_setattr"],
];

/** Table files by what is loaded together; a pair shares the table of its first member. */
const FILES: Readonly<Record<string, readonly (readonly ArchitectureName[])[]>> = {
  x86: [["SCMP_ARCH_X86_64"], ["SCMP_ARCH_X86"], ["SCMP_ARCH_X32"]],
  arm: [["SCMP_ARCH_AARCH64"], ["SCMP_ARCH_ARM"]],
  mips: [
    ["SCMP_ARCH_MIPS", "SCMP_ARCH_MIPSEL"],
    ["SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPSEL64"],
    ["SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL64N32"],
  ],
  power: [["SCMP_ARCH_PPC64LE", "SCMP_ARCH_PPC64"], ["SCMP_ARCH_PPC"]],
  s390: [["SCMP_ARCH_S390X"], ["SCMP_ARCH_S390"]],
  riscv: [["SCMP_ARCH_RISCV64"]],
  loongarch: [["SCMP_ARCH_LOONGARCH64"]],
  parisc: [["SCMP_ARCH_PARISC64"], ["SCMP_ARCH_PARISC"]],
  rare: [["SCMP_ARCH_SH", "SCMP_ARCH_SHEB"], ["SCMP_ARCH_M68K"]],
};

/** Highest numbers asked for, and where ARM has a second block of its own calls (0x0f0000). */
const BLOCKS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  SCMP_ARCH_ARM: [
    [0, 1000],
    [0x0f0000, 0x0f0100],
  ],
};

const library = koffi.load(process.env.TSRUN_LIBSECCOMP ?? "libseccomp.so.2");
const nameOf = library.func("void *seccomp_syscall_resolve_num_arch(uint32_t token, int number)");
const release = koffi.load("libc.so.6").func("void free(void *pointer)");

/** libseccomp's own token: that of audit, but for x32, which audit can't tell from x86-64. */
function token(name: ArchitectureName): number {
  return name === "SCMP_ARCH_X32" ? 0x4000003e : ARCHITECTURES[name].audit;
}

/** Number (without the architecture's base) -> name. */
function callsOf(name: ArchitectureName): Map<number, string> {
  const calls = new Map<number, string>();
  const { base } = ARCHITECTURES[name];
  for (const [first, end] of BLOCKS[name] ?? [[0, 1000]]) {
    for (let number = first; number < end; number++) {
      const text: unknown = nameOf(token(name), base === X32_BIT ? number | X32_BIT : base + number);
      if (text === null) continue;
      calls.set(number, koffi.decode(text, "char", -1) as string);
      release(text);
    }
  }
  if (calls.size === 0) throw new Error(`this libseccomp does not know ${name}`);
  for (const [number, later, only] of LATER) {
    if (only?.includes(name) ?? true) calls.set(number, later);
  }
  return calls;
}

/** Names and skips for calls in the order of their numbers, the first of them expected to be number `next`. */
function tokens(calls: Iterable<readonly [number, string]>, next: number): string[] {
  const list: string[] = [];
  for (const [number, name] of [...calls].sort((a, b) => a[0] - b[0])) {
    if (number > next) list.push(String(number - next));
    list.push(name);
    next = number + 1;
  }
  return list;
}

/** A string literal over several lines. */
function literal(list: readonly string[]): string {
  const lines = [""];
  for (const word of list) {
    if ((lines.at(-1) as string).length + word.length > 116) lines.push("");
    lines[lines.length - 1] += `${word} `;
  }
  return `"\\\n${lines.join("\\\n").trimEnd()}"`;
}

/** What x32 adds to x86-64's table, as an expression over it. */
function x32(): string {
  const [own, whole] = [callsOf("SCMP_ARCH_X32"), callsOf("SCMP_ARCH_X86_64")];
  const names = new Set(own.values());
  const last = Math.max(...whole.keys());
  for (const [number, name] of whole) {
    const other = [...own].find(([, candidate]) => candidate === name)?.[0];
    if (other !== undefined && other !== number && other <= last) throw new Error(`x32 moves ${name} to ${other}`);
  }
  const gone = [...whole.values()].filter((name) => !names.has(name)).map((name) => `-${name}`);
  const added = [...own].filter(([number]) => number > last);
  return `\`\${X86_64} \${X32_OWN}\`;;${literal([...gone, ...tokens(added, last + 1)])}`;
}

function constant(name: ArchitectureName): string {
  return name.replace("SCMP_ARCH_", "");
}

function file(groups: readonly (readonly ArchitectureName[])[]): string {
  const parts = [
    "/** System calls by number; made by schemas/syscalls/generate.ts, which describes the form. */\n",
    'import type { TableSet } from "../syscalls.ts";\n',
  ];
  const entries: string[] = [];
  for (const names of groups) {
    const first = names[0] as ArchitectureName;
    if (first === "SCMP_ARCH_X32") {
      const [expression, own] = x32().split(";;") as [string, string];
      parts.push(`const X32_OWN = ${own};\n`);
      entries.push(`  ${first}: ${expression},`);
      continue;
    }
    parts.push(`const ${constant(first)} = ${literal(tokens(callsOf(first), 0))};\n`);
    for (const name of names) entries.push(`  ${name}: ${constant(first)},`);
  }
  return `${parts.join("\n")}\nexport const TABLES: TableSet = {\n${entries.join("\n")}\n};\n`;
}

/** Names that no x86 table has: real calls, so that a profile that lists them gets no warning on x86. */
function elsewhere(): string {
  const x86 = new Set((FILES.x86 ?? []).flatMap(([name]) => [...callsOf(name as ArchitectureName).values()]));
  const others = Object.values(FILES).flatMap((groups) =>
    groups.flatMap(([name]) => [...callsOf(name as ArchitectureName).values()]),
  );
  const list = [...new Set(others)].filter((name) => !x86.has(name)).sort();
  return [
    "/** Calls that exist, but not on x86; made by schemas/syscalls/generate.ts. */\n",
    `export const ELSEWHERE = ${literal(list)};\n`,
  ].join("\n");
}

const target = fileURLToPath(new URL("../../../../runtime/seccomp/tables/", import.meta.url));
for (const [name, groups] of Object.entries(FILES)) writeFileSync(`${target}${name}.ts`, file(groups));
writeFileSync(`${target}elsewhere.ts`, elsewhere());
