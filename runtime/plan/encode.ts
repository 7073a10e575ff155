/** Plan to bytes: header, fixed records, pool (schemas/plan.json is the table for this and for the walker). */
import { port } from "../host/port.ts";
import { type FieldKind, LAYOUT, RECORD_SIZE, type Step, WIRE_VERSION } from "./generated/step.ts";

const MAGIC = 0x50525354;
const HEADER_SIZE = 32;
const FLAG_TRACE = 1;
const WALKERS = { launcher: 0, init: 1, parent: 2 } as const;

/** Bytes of a text in UTF-8. */
type Measure = (text: string) => number;

/**
 * Strings first, then what is aligned. Equal strings are stored once; offset 0 is the empty string. The strings are
 * encoded together at the end: one call of the host instead of hundreds.
 */
class Pool {
  readonly #measure: Measure;
  readonly #strings: string[] = [""];
  readonly #known = new Map<string, number>([["", 0]]);
  readonly #blobs: { readonly at: number; readonly data: Uint8Array }[] = [];
  #stringsEnd = 1;
  #blobsEnd = 0;

  constructor(measure: Measure) {
    this.#measure = measure;
  }

  string(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const offset = this.#stringsEnd;
    this.#strings.push(text);
    this.#known.set(text, offset);
    this.#stringsEnd += this.#measure(text) + 1;
    return offset;
  }

  /** Offset among the aligned ones: `place` knows where they begin once all strings are in. */
  blob(data: Uint8Array): number {
    const at = Math.ceil(this.#blobsEnd / ALIGNMENT) * ALIGNMENT;
    this.#blobs.push({ at, data });
    this.#blobsEnd = at + data.length;
    return at;
  }

  u32s(values: readonly number[]): number {
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < values.length; index++) view.setUint32(index * 4, values[index] as number, true);
    return this.blob(bytes);
  }

  /** Where the aligned ones begin. */
  get blobs(): number {
    return Math.ceil(this.#stringsEnd / ALIGNMENT) * ALIGNMENT;
  }

  get size(): number {
    return this.blobs + this.#blobsEnd;
  }

  /** Lays the pool down; false when a string is longer than it was measured. */
  write(into: Uint8Array): boolean {
    const text = port().encode(`${this.#strings.join("\0")}\0`);
    if (text.length !== this.#stringsEnd) return false;
    into.set(text);
    for (const { at, data } of this.#blobs) into.set(data, this.blobs + at);
    return true;
  }
}

const ALIGNMENT = 8;

type Put = (view: DataView, at: number, value: unknown, pool: Pool, fixUps: number[]) => void;

/** How each kind of field is laid down; the generated types guarantee the value's type. */
const PUT: Readonly<Record<FieldKind, Put>> = {
  string: (view, at, value, pool) => view.setUint32(at, pool.string(value as string), true),
  strings: (view, at, value, pool, fixUps) => {
    const texts = value as readonly string[];
    view.setUint32(at, pool.u32s(texts.map((text) => pool.string(text))), true);
    view.setUint32(at + 4, texts.length, true);
    fixUps.push(at);
  },
  bytes: (view, at, value, pool, fixUps) => {
    view.setUint32(at, pool.blob(value as Uint8Array), true);
    view.setUint32(at + 4, (value as Uint8Array).length, true);
    fixUps.push(at);
  },
  u32s: (view, at, value, pool, fixUps) => {
    view.setUint32(at, pool.u32s(value as readonly number[]), true);
    view.setUint32(at + 4, (value as readonly number[]).length, true);
    fixUps.push(at);
  },
  u32: (view, at, value) => view.setUint32(at, value as number, true),
  i32: (view, at, value) => view.setInt32(at, value as number, true),
  slot: (view, at, value) => view.setInt32(at, value as number, true),
  u64: (view, at, value) => view.setBigUint64(at, BigInt.asUintN(64, value as bigint), true),
};

/** The wire form of a plan. `trace`: init reports every step that it has walked. */
export function encodePlan(steps: readonly Step[], trace: boolean): Uint8Array {
  const quick = tryEncode(steps, trace, (text) => text.length);
  return quick ?? (tryEncode(steps, trace, (text) => port().encode(text).length) as Uint8Array);
}

/** Null when `measure` was wrong about a string: one that is not plain ASCII. */
function tryEncode(steps: readonly Step[], trace: boolean, measure: Measure): Uint8Array | null {
  const pool = new Pool(measure);
  const poolOffset = HEADER_SIZE + steps.length * RECORD_SIZE;
  const head = new Uint8Array(poolOffset);
  const view = new DataView(head.buffer);
  const fixUps: number[] = [];
  for (let index = 0; index < steps.length; index++) {
    encodeStep(view, HEADER_SIZE + index * RECORD_SIZE, steps[index] as Step, pool, fixUps);
  }
  for (const at of fixUps) view.setUint32(at, view.getUint32(at, true) + pool.blobs, true);
  const size = poolOffset + pool.size;
  const flags = trace ? FLAG_TRACE : 0;
  const header = [MAGIC, WIRE_VERSION, size, flags, steps.length, poolOffset, pool.size, 0];
  for (let index = 0; index < header.length; index++) view.setUint32(index * 4, header[index] as number, true);
  const wire = new Uint8Array(size);
  wire.set(head);
  return pool.write(wire.subarray(poolOffset)) ? wire : null;
}

/** The parent's own steps travel as bare markers: init needs to know where they are, not what they say. */
function encodeStep(view: DataView, at: number, step: Step, pool: Pool, fixUps: number[]): void {
  const { op, fields } = LAYOUT[step.step];
  view.setUint16(at, op, true);
  view.setUint8(at + 2, WALKERS[step.by]);
  if (step.by === "parent") return;
  const values = step as unknown as Readonly<Record<string, unknown>>;
  for (const [name, kind, offset] of fields) PUT[kind](view, at + offset, values[name], pool, fixUps);
}
