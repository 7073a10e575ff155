import { expect, test } from "@jest/globals";
import { raw } from "../../runtime/linux/termios.ts";

/** Input, output, control and local flags of `stty sane`, then line discipline and control characters. */
const SANE = [0o42406, 0o5, 0o277, 0o105073];

function mode(): Uint8Array {
  const bytes = new Uint8Array(60).fill(7);
  const view = new DataView(bytes.buffer);
  SANE.forEach((word, index) => {
    view.setUint32(4 * index, word, true);
  });
  return bytes;
}

function words(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer);
  return [0, 4, 8, 12].map((at) => view.getUint32(at, true).toString(8));
}

test("raw is what cfmakeraw makes of a mode", () => {
  const before = mode();
  const made = raw(before, true);
  expect(words(made)).toEqual(["40004", "4", "277", "5060"]);
  expect([...made.subarray(16)]).toEqual([7, 7, 7, 7, 7, 7, 0, 1, ...new Array(36).fill(7)]);
  expect(before).toEqual(mode());
});

test("the output can be left as it is", () => {
  expect(words(raw(mode(), false))).toEqual(["40004", "5", "277", "5060"]);
});
