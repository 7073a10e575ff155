// Makes runtime/plan/generated/step.ts and addon/generated/wire.h from schemas/plan.json.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const table = JSON.parse(readFileSync(join(here, "plan.json"), "utf8"));
const RECORD_HEADER = 8;
/** Changes with every change of the table: an init of another build refuses the plan. */
const VERSION = createHash("sha256").update(JSON.stringify(table)).digest().readUInt32LE(0);

const KIND = {
  string: { size: 4, align: 4, ts: "string", cc: ["uint32_t %"] },
  strings: { size: 8, align: 4, ts: "readonly string[]", cc: ["uint32_t %", "uint32_t %Count"] },
  bytes: { size: 8, align: 4, ts: "Uint8Array", cc: ["uint32_t %", "uint32_t %Length"] },
  u32s: { size: 8, align: 4, ts: "readonly number[]", cc: ["uint32_t %", "uint32_t %Count"] },
  u32: { size: 4, align: 4, ts: "number", cc: ["uint32_t %"] },
  i32: { size: 4, align: 4, ts: "number", cc: ["int32_t %"] },
  slot: { size: 4, align: 4, ts: "number", cc: ["int32_t %"] },
  u64: { size: 8, align: 8, ts: "bigint", cc: ["uint64_t %"] },
};
const upper = (name) => name[0].toUpperCase() + name.slice(1);

function layout(name, fields) {
  let offset = RECORD_HEADER;
  const rows = Object.entries(fields).map(([field, kind]) => {
    const { size, align } = KIND[kind];
    offset = Math.ceil(offset / align) * align;
    const row = { field, kind, offset };
    offset += size;
    return row;
  });
  if (offset > table.recordSize)
    throw new Error(`step ${name} takes ${offset} bytes, a record has ${table.recordSize}`);
  return rows;
}

const steps = Object.entries(table.steps).map(([name, step]) => ({ name, ...step, rows: layout(name, step.fields) }));

function writeIfChanged(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {}
  writeFileSync(path, text);
}

const ts = `// Generated from schemas/plan.json.
export const WIRE_VERSION = ${VERSION};
export const RECORD_SIZE = ${table.recordSize};
export type Walker = "launcher" | "init" | "parent";
export type FieldKind = ${Object.keys(KIND)
  .map((kind) => JSON.stringify(kind))
  .join(" | ")};

${steps
  .map(
    (step) => `/** ${step.doc}. */
export interface ${upper(step.name)}Step {
  readonly step: "${step.name}";
  readonly by: ${step.by.map((by) => JSON.stringify(by)).join(" | ")};
  readonly from: string;
${step.rows.map((row) => `  readonly ${row.field}: ${KIND[row.kind].ts};`).join("\n")}
}`,
  )
  .join("\n\n")}

export type Step =
${steps.map((step) => `  | ${upper(step.name)}Step`).join("\n")};
export type StepName = Step["step"];
/** Steps that the parent may have to take. */
export type ParentStep =
${steps
  .filter((step) => step.by.includes("parent"))
  .map((step) => `  | ${upper(step.name)}Step`)
  .join("\n")};

/** op number and, per field, [name, kind, byte offset in the record]. */
export const LAYOUT: Readonly<Record<StepName, { readonly op: number; readonly fields: readonly (readonly [string, FieldKind, number])[] }>> = {
${steps
  .map(
    (step) =>
      `  ${step.name}: { op: ${step.op}, fields: [${step.rows.map((row) => `["${row.field}", "${row.kind}", ${row.offset}]`).join(", ")}] },`,
  )
  .join("\n")}
};

/** What init reports, by number. */
export const REPORTS = ${JSON.stringify(table.reports)} as const;
/** The operation within a step that failed, by number. */
export const OPERATIONS = ${JSON.stringify(table.operations)} as const;
`;

const cc = `// Generated from schemas/plan.json.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace wire {

constexpr uint32_t kMagic = 0x50525354;  // "TSRP"
constexpr uint32_t kVersion = ${VERSION}u;
constexpr uint32_t kRecordSize = ${table.recordSize};
constexpr uint32_t kFlagTrace = 1;

struct Header {
  uint32_t magic, version, size, flags, steps, poolOffset, poolSize, reserved;
};
static_assert(sizeof(Header) == 32, "header");

enum class By : uint8_t { Launcher, Init, Parent };

enum class Op : uint16_t {
${steps.map((step) => `  ${upper(step.name)} = ${step.op},`).join("\n")}
};

enum class Report : uint32_t {
${table.reports.map((name) => `  ${upper(name)},`).join("\n")}
};

enum class Operation : uint32_t {
${table.operations.map((name) => `  ${upper(name)},`).join("\n")}
};

struct RecordHeader {
  Op op;
  By by;
  uint8_t reserved;
  uint32_t zero;
};
static_assert(sizeof(RecordHeader) == ${RECORD_HEADER}, "record header");

// What init and the launcher write to the channel: one message, always whole.
struct Message {
  Report report;
  uint32_t step;
  Operation operation;
  int32_t error;      // errno; exit status or signal for hooks
  uint64_t value;     // pid for Cloned, monotonic nanoseconds for Walked
  char detail[232];   // NUL-terminated text, may be empty
};
static_assert(sizeof(Message) == 256, "message");

// What the parent answers: the index of the step to go on with.
struct Go {
  uint32_t step;
};

${steps
  .map(
    (step) => `struct ${upper(step.name)} {
  RecordHeader header;
${step.rows.flatMap((row) => KIND[row.kind].cc.map((line) => `  ${line.replace("%", row.field)};`)).join("\n")}
};
static_assert(sizeof(${upper(step.name)}) <= kRecordSize, "${step.name}");
${step.rows.map((row) => `static_assert(offsetof(${upper(step.name)}, ${row.field}) == ${row.offset}, "${step.name}.${row.field}");`).join("\n")}`,
  )
  .join("\n\n")}

enum class Kind : uint8_t { String, Strings, Bytes, U32s, U32, I32, Slot, U64 };
struct Field {
  Kind kind;
  uint8_t offset;
};
struct Layout {
  Op op;
  uint8_t by;  // bit N: By N may walk it
  uint8_t fields;
  Field field[${Math.max(...steps.map(({ rows }) => rows.length))}];
};
constexpr Layout kLayouts[] = {
${steps
  .map(
    (step) =>
      `    {Op::${upper(step.name)}, ${step.by.reduce((bits, by) => bits | (1 << ["launcher", "init", "parent"].indexOf(by)), 0)}, ${step.rows.length}, {${step.rows
        .map((row) => `{Kind::${upper(row.kind)}, ${row.offset}}`)
        .join(", ")}}},`,
  )
  .join("\n")}
};

}  // namespace wire
`;

writeIfChanged(join(here, "..", "runtime", "plan", "generated", "step.ts"), ts);
writeIfChanged(join(here, "..", "addon", "generated", "wire.h"), cc);
