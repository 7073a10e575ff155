/** Plan to bytes: header, fixed records, pool (schemas/plan.json is the table for this and for the walker). */
import { port } from "../host/port.ts";
import { type FieldKind, LAYOUT, RECORD_SIZE, type Step, WIRE_VERSION } from "./generated/step.ts";

const MAGIC = 0x50525354;
const HEADER_SIZE = 32;
const FLAG_TRACE = 1;
const WALKERS = { launcher: 0, init: 1, parent: 2 } as const;

/** Grows as needed; offset 0 is the empty string. Equal strings are stored once. */
class Pool {
  #bytes = new Uint8Array(4096);
  #length = 1;
  readonly #known = new Map<string, number>([["", 0]]);

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  string(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const encoded = port().encode(text);
    const offset = this.#take(encoded.length + 1, 1);
    this.#bytes.set(encoded, offset);
    this.#known.set(text, offset);
    return offset;
  }

  u32s(values: readonly number[]): number {
    const offset = this.#take(values.length * 4, 4);
    const view = new DataView(this.#bytes.buffer);
    values.forEach((value, index) => {
      view.setUint32(offset + index * 4, value, true);
    });
    return offset;
  }

  blob(data: Uint8Array): number {
    const offset = this.#take(data.length, 8);
    this.#bytes.set(data, offset);
    return offset;
  }

  #take(size: number, align: number): number {
    const offset = Math.ceil(this.#length / align) * align;
    this.#length = offset + size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return offset;
  }
}

type Put = (view: DataView, at: number, value: unknown, pool: Pool) => void;

/** How each kind of field is laid down; the generated types guarantee the value's type. */
const PUT: Readonly<Record<FieldKind, Put>> = {
  string: (view, at, value, pool) => view.setUint32(at, pool.string(value as string), true),
  strings: (view, at, value, pool) => {
    const texts = value as readonly string[];
    view.setUint32(at, pool.u32s(texts.map((text) => pool.string(text))), true);
    view.setUint32(at + 4, texts.length, true);
  },
  bytes: (view, at, value, pool) => {
    view.setUint32(at, pool.blob(value as Uint8Array), true);
    view.setUint32(at + 4, (value as Uint8Array).length, true);
  },
  u32s: (view, at, value, pool) => {
    view.setUint32(at, pool.u32s(value as readonly number[]), true);
    view.setUint32(at + 4, (value as readonly number[]).length, true);
  },
  u32: (view, at, value) => view.setUint32(at, value as number, true),
  i32: (view, at, value) => view.setInt32(at, value as number, true),
  slot: (view, at, value) => view.setInt32(at, value as number, true),
  u64: (view, at, value) => view.setBigUint64(at, BigInt.asUintN(64, value as bigint), true),
};

/** The wire form of a plan. `trace`: init reports every step that it has walked. */
export function encodePlan(steps: readonly Step[], trace: boolean): Uint8Array {
  const pool = new Pool();
  const poolOffset = HEADER_SIZE + steps.length * RECORD_SIZE;
  const head = new Uint8Array(poolOffset);
  const view = new DataView(head.buffer);
  steps.forEach((step, index) => {
    encodeStep(view, HEADER_SIZE + index * RECORD_SIZE, step, pool);
  });
  const header = [
    MAGIC,
    WIRE_VERSION,
    poolOffset + pool.bytes.length,
    trace ? FLAG_TRACE : 0,
    steps.length,
    poolOffset,
    pool.bytes.length,
    0,
  ];
  header.forEach((value, index) => {
    view.setUint32(index * 4, value, true);
  });
  const wire = new Uint8Array(poolOffset + pool.bytes.length);
  wire.set(head);
  wire.set(pool.bytes, poolOffset);
  return wire;
}

/** The parent's own steps travel as bare markers: init needs to know where they are, not what they say. */
function encodeStep(view: DataView, at: number, step: Step, pool: Pool): void {
  const { op, fields } = LAYOUT[step.step];
  view.setUint16(at, op, true);
  view.setUint8(at + 2, WALKERS[step.by]);
  if (step.by === "parent") return;
  const values = step as unknown as Readonly<Record<string, unknown>>;
  for (const [name, kind, offset] of fields) PUT[kind](view, at + offset, values[name], pool);
}
