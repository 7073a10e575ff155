/** Messages between the parent and init: 256 bytes from init, 4 bytes to it (schemas/plan.json). */
import { port } from "../host/port.ts";
import { OPERATIONS, REPORTS } from "../plan/generated/step.ts";

export interface InitMessage {
  readonly report: (typeof REPORTS)[number];
  /** Index in the plan. */
  readonly step: number;
  readonly operation: (typeof OPERATIONS)[number];
  /** errno; exit status or signal of a hook. */
  readonly error: number;
  /** pid for `cloned`, monotonic nanoseconds for `walked`. */
  readonly value: number;
  readonly detail: string;
}

export const MESSAGE_SIZE = 256;
const DETAIL_OFFSET = 24;

/** Reads one message. Throws when it is not one: only init can write to this channel. */
export function decodeMessage(bytes: Uint8Array): InitMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const report = bytes.length === MESSAGE_SIZE ? REPORTS[view.getUint32(0, true)] : undefined;
  const operation = report === undefined ? undefined : OPERATIONS[view.getUint32(8, true)];
  if (report === undefined || operation === undefined) throw new Error("init sent what is not a message");
  const end = bytes.indexOf(0, DETAIL_OFFSET);
  return {
    report,
    step: view.getUint32(4, true),
    operation,
    error: view.getInt32(12, true),
    value: Number(view.getBigUint64(16, true)),
    detail: port()
      .decode(bytes.subarray(DETAIL_OFFSET, end < 0 ? bytes.length : end))
      .trim(),
  };
}

/** The answer: go on with this step. */
export function encodeGo(step: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, step, true);
  return bytes;
}
