import { describe, expect, test } from "@jest/globals";
import { RuntimeError } from "../../runtime/errors.ts";
import { escapesOf, locate, parseExact, stringifyExact } from "../../runtime/spec/json.ts";
import { JsonReader } from "../../runtime/spec/json-reader.ts";

function failure(text: string): RuntimeError {
  try {
    parseExact(text);
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`);
}

const slow = (text: string): unknown => new JsonReader(text, "config.json").document();

describe("exact integers", () => {
  test.each([
    ["18446744073709551615", 18446744073709551615n],
    ["9223372036854771712", 9223372036854771712n],
    ["-9223372036854775808", -9223372036854775808n],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-1", -1],
    ["0", 0],
    ["99999999999999999999", 99999999999999999999n],
    ["1.5", 1.5],
    ["1e3", 1000],
    ["1e19", 1e19],
    ["0.1234567890123456789012345", 0.12345678901234568],
  ])("%s", (text, value) => {
    expect(parseExact(`{"a":[${text}]}`)).toEqual({ a: [value] });
    expect(slow(text)).toBe(value);
  });

  test("survive the way back", () => {
    const text = '{"soft":18446744073709551615,"limit":9223372036854771712,"swap":-1,"list":[9007199254740993]}';
    expect(stringifyExact(parseExact(text))).toBe(text);
  });

  test("a number of more than 20 digits is refused before it becomes a bigint", () => {
    const error = failure(`{"a": ${"9".repeat(21)}}`);
    expect(error.code).toBe("E_CONFIG_SYNTAX");
    expect(error.message).toBe("config.json: number of more than 20 digits at line 1, column 7");
    expect(() => parseExact(`[${"1".repeat(5_000_000)}]`)).toThrow("more than 20 digits");
  });

  test("a number that no double holds is refused", () => {
    expect(failure("[1e400]").message).toBe("config.json: number out of range at line 1, column 2");
  });
});

describe("what JSON is", () => {
  const good = [
    "{}",
    "[]",
    ' \t\r\n{ "a" : [ 1 , 2 , { } , [ ] ] } \n',
    '{"a":true,"b":false,"c":null}',
    '"\\u00e9\\n\\t\\"\\\\\\/\\b\\f\\r\\ud83d\\ude00"',
    '"plain é 😀"',
    '{"a":1,"a":2}',
    '{"":1}',
    "-0.5e-3",
    "1E+2",
  ];
  test.each(good)("accepts %j as JSON.parse does", (text) => {
    expect(slow(text)).toEqual(JSON.parse(text));
    expect(parseExact(text)).toEqual(JSON.parse(text));
  });

  const bad = [
    "",
    " ",
    "{",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "{'a':1}",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "+1",
    "tru",
    "nulL",
    "NaN",
    "Infinity",
    '"a',
    '"\\x41"',
    '"\\u12g4"',
    '"a\nb"',
    '"a\u0000b"',
    "[1] 2",
    "{}{}",
    "// a\n1",
    "\ufeff{}",
    "0x10",
    '"\\0"',
    '"\\\\\\v"',
    '"\\u{41}"',
    '"\\',
  ];
  test.each(bad)("refuses %j as JSON.parse does", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(failure(text).code).toBe("E_CONFIG_SYNTAX");
    expect(() => slow(text)).toThrow(RuntimeError);
  });

  test("__proto__ is a key like any other, on both roads", () => {
    for (const number of ["1", "18446744073709551615"]) {
      const value = parseExact(`{"__proto__":{"polluted":true},"a":${number}}`) as Record<string, unknown>;
      expect(Object.keys(value)).toEqual(["__proto__", "a"]);
      expect(value.polluted).toBeUndefined();
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect(stringifyExact(value)).toBe(`{"__proto__":{"polluted":true},"a":${number}}`);
    }
  });

  test("nesting ends at 128", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(() => parseExact(nested(128))).not.toThrow();
    expect(failure(nested(129)).message).toContain("nested deeper than 128 levels");
    expect(failure(nested(100_000)).message).toContain("nested deeper than 128 levels");
  });

  test("random documents come out of both roads alike, and survive writing", () => {
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    const words = ["", "a", "é", "\n", '"', "\\", "😀", "__proto__", "toString"];
    const make = (depth: number): unknown => {
      const kind = random(depth > 4 ? 4 : 6);
      if (kind === 0) return random(2) === 0;
      if (kind === 1) return random(100000) - 50000;
      if (kind === 2) return words[random(words.length)];
      if (kind === 3) return random(1000) / 8;
      if (kind === 4) return Array.from({ length: random(4) }, () => make(depth + 1));
      const members = Array.from({ length: random(4) }, () => [words[random(7)], make(depth + 1)]);
      return Object.fromEntries(members);
    };
    for (let i = 0; i < 300; i++) {
      const value = make(0);
      for (const indent of ["", "\t"]) {
        const text = JSON.stringify(value, null, indent);
        expect(slow(text)).toEqual(value);
        const withBig = JSON.stringify([value, "BIG"], null, indent).replace('"BIG"', "18446744073709551615");
        expect(stringifyExact(parseExact(withBig), indent)).toBe(withBig);
      }
    }
  });
});

describe("escapes", () => {
  test.each([
    ["{}", "none"],
    ['"\\n\\\\"', "plain"],
    ['"\\\\x00"', "plain"],
    ['"\\u0041\\n"', "unicode"],
    ['"\\n\\x00"', "odd"],
    ['"\\u{0}"', "odd"],
    ['"\\', "odd"],
  ])("of %j are %s", (text, escapes) => {
    expect(escapesOf(text)).toBe(escapes);
  });
});

describe("where it is", () => {
  test.each([
    ["{\n  bad: 1\n}", 'config.json: unexpected "b" instead of a key in double quotes at line 2, column 3'],
    ['{\n  "a": 1,\n  "b": [1, 2', "config.json: unexpected end of text at line 3, column 13"],
    ["{]", 'config.json: unexpected "]" instead of a key in double quotes at line 1, column 2'],
    ['{"a" 1}', 'config.json: unexpected "1" instead of ":" at line 1, column 6'],
    ["[1 2]", 'config.json: unexpected "2" instead of "," or "]" at line 1, column 4'],
    ['["\\q"]', "config.json: bad escape in a string at line 1, column 3"],
    ['["a\tb"]', "config.json: control character in a string at line 1, column 4"],
    ["[1] x", 'config.json: unexpected "x" at line 1, column 5'],
    ["[tru]", 'config.json: unexpected "t" instead of a value at line 1, column 2'],
  ])("%j", (text, message) => {
    const error = failure(text);
    expect(error.message).toBe(message);
    const [, line, column] = /line (\d+), column (\d+)$/.exec(message) ?? [];
    expect(error.details).toMatchObject({ line: Number(line), column: Number(column) });
  });

  const text = '{\n  "a/b": [10, {"c": 1, "c": 2}],\n  "big": 18446744073709551615,\n  "~": {}\n}\n';
  test.each([
    ["", 1, 1],
    ["/a~1b", 2, 10],
    ["/a~1b/0", 2, 11],
    ["/a~1b/1/c", 2, 29],
    ["/big", 3, 10],
    ["/~0", 4, 8],
    ["/~0/missing", 4, 8],
    ["/missing/deeper", 1, 1],
    ["/big/0", 3, 10],
  ])("locates %j", (pointer, line, column) => {
    expect(locate(text, pointer)).toEqual({ line, column });
  });
});

describe("writing", () => {
  test("is JSON.stringify without bigints", () => {
    const value = { a: [1, "x", null, undefined], b: undefined, c: {}, d: [] };
    expect(stringifyExact(value, "\t")).toBe(JSON.stringify(value, null, "\t"));
    expect(stringifyExact({ ...value, e: 1n }, "\t")).toBe(JSON.stringify({ ...value, e: 1 }, null, "\t"));
    expect(stringifyExact({ ...value, e: 1n }, 2)).toBe(JSON.stringify({ ...value, e: 1 }, null, 2));
  });

  test("of a cycle ends in an error", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(() => stringifyExact(cycle)).toThrow(RuntimeError);
  });
});
