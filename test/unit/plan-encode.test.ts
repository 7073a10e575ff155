/** The wire form: every field of every step can be read back from where the table says it is. */
import { expect, test } from "@jest/globals";
import { nodePort } from "../../runtime/host/node.js";
import { setPort } from "../../runtime/host/port.js";
import { encodePlan } from "../../runtime/plan/encode.js";
import { LAYOUT, RECORD_SIZE, type Step } from "../../runtime/plan/generated/step.js";
import { planOf, specWith, withUserNamespace } from "../support/plan.js";

const HEADER = 32;

setPort(nodePort());

function decode(wire: Uint8Array): Record<string, unknown>[] {
  const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
  const count = view.getUint32(16, true);
  const pool = wire.subarray(view.getUint32(20, true));
  const poolView = new DataView(pool.buffer, pool.byteOffset, pool.length);
  expect(view.getUint32(8, true)).toBe(wire.length);
  expect(pool.length).toBe(view.getUint32(24, true));
  const text = (offset: number) => new TextDecoder().decode(pool.subarray(offset, pool.indexOf(0, offset)));
  const u32s = (at: number) =>
    Array.from({ length: view.getUint32(at + 4, true) }, (_, index) => {
      const offset = view.getUint32(at, true);
      expect(offset % 4).toBe(0);
      return poolView.getUint32(offset + index * 4, true);
    });
  const read = {
    string: (at: number) => text(view.getUint32(at, true)),
    strings: (at: number) => u32s(at).map(text),
    u32s,
    bytes: (at: number) =>
      pool.slice(view.getUint32(at, true), view.getUint32(at, true) + view.getUint32(at + 4, true)),
    u32: (at: number) => view.getUint32(at, true),
    i32: (at: number) => view.getInt32(at, true),
    slot: (at: number) => view.getInt32(at, true),
    u64: (at: number) => view.getBigUint64(at, true),
  };
  const rows = Object.entries(LAYOUT);
  return Array.from({ length: count }, (_, index) => {
    const at = HEADER + index * RECORD_SIZE;
    const [step, { fields }] = rows.find(([, { op }]) => op === view.getUint16(at, true)) ?? ["?", { fields: [] }];
    const by = ["launcher", "init", "parent"][view.getUint8(at + 2)];
    if (by === "parent") return { step, by };
    return { step, by, ...Object.fromEntries(fields.map(([name, kind, offset]) => [name, read[kind](at + offset)])) };
  });
}

function expected(step: Step): Record<string, unknown> {
  const { step: name, by } = step;
  if (by === "parent") return { step: name, by };
  const values = step as unknown as Record<string, unknown>;
  return { step: name, by, ...Object.fromEntries(LAYOUT[name].fields.map(([field]) => [field, values[field]])) };
}

const NAMES = ["plain", "Grüße aus 東京 🚢", "x".repeat(5000)];

test.each(NAMES)("a plan with %.20s in it", (name) => {
  for (const user of [false, true]) {
    const { steps } = planOf(
      specWith((spec) => {
        if (spec.process) spec.process.args = ["/bin/sh", "-c", name];
        Object.assign(spec.process ?? {}, {
          user: { uid: 3, gid: 4, additionalGids: user ? [5, 6] : [5, 6, 4294967294] },
        });
        spec.linux = { ...spec.linux, seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [] } };
        spec.hooks = { createContainer: [{ path: "/hook", args: [name, ""], env: [`A=${name}`] }] };
        if (user) withUserNamespace(spec);
      }),
    );
    expect(decode(encodePlan(steps, true))).toEqual(steps.map(expected));
  }
});
