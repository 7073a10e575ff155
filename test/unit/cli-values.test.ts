import { describe, expect, test } from "@jest/globals";
import { base64 } from "../../runtime/commands/base64.ts";
import { FORWARDED } from "../../runtime/commands/foreground.ts";
import { parseUser } from "../../runtime/commands/user.ts";
import { printable } from "../../runtime/output.ts";

describe("CVE-2026-30892: a user is never read as another one", () => {
  test.each([
    ["0", 0, undefined],
    ["1", 1, undefined],
    ["1:2", 1, 2],
    ["0:0", 0, 0],
    ["4294967294:4294967294", 4294967294, 4294967294],
  ])("%s", (text, uid, gid) => {
    expect(parseUser(text)).toEqual({ uid, gid });
  });

  test.each([
    "",
    " 1",
    "1 ",
    "1\n",
    "+1",
    "-1",
    "-0",
    "0x1",
    "1e1",
    "1.0",
    "01",
    "1a",
    "a",
    "root",
    ":",
    "1:",
    ":1",
    "1:2:3",
    "1: 2",
    "1:-2",
    "1:a",
    "1,2",
    "4294967295",
    "1:4294967295",
    "18446744073709551616",
    "\u0661",
  ])("%j is refused", (text) => {
    expect(() => parseUser(text)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});

test("what is passed on to a program: what people and supervisors send, nothing that is about tsrun itself", () => {
  for (const signal of [1, 2, 3, 10, 12, 14, 15, 18, 20, 28, 34, 64]) expect(FORWARDED).toContain(signal);
  for (const signal of [0, 4, 5, 6, 7, 8, 9, 11, 13, 17, 19, 23, 31, 32, 33, 65])
    expect(FORWARDED).not.toContain(signal);
  expect(new Set(FORWARDED).size).toBe(FORWARDED.length);
});

test("base64 is that of Node for every length and byte", () => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let length = 0; length < 8; length++) {
    expect(base64(all.subarray(250 - length, 250))).toBe(
      Buffer.from(all.subarray(250 - length, 250)).toString("base64"),
    );
  }
  expect(base64(all)).toBe(Buffer.from(all).toString("base64"));
});

test("control characters are shown, not obeyed", () => {
  expect(printable("a\u001b[2Jb\nc\u0085d\u007f")).toBe("a\\x1b[2Jb\\x0ac\\x85d\\x7f");
  expect(printable("größe 東")).toBe("größe 東");
});
