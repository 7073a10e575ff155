/** Exact JSON: integers that a JavaScript number would round are read and written as bigint. */

import { RuntimeError } from "../errors.ts";
import { JsonReader, MAX_DEPTH, type Position, positionOf } from "./json-reader.ts";
import { pointerKeys } from "./pointer.ts";

export type { Position } from "./json-reader.ts";

/**
 * Reads a JSON text; `name` is what errors call it. Integers beyond the safe ones become bigint, keys that stand twice
 * keep the last value, `__proto__` is a key like any other. Throws E_CONFIG_SYNTAX with line and column for what is not
 * JSON, is nested too deep or holds a number of more than 20 digits.
 */
export function parseExact(text: string, name = "config.json"): unknown {
  const quick = parseQuick(text, escapesOf(text));
  return quick !== undefined && isExact(quick, 0) ? quick : parseSlow(text, name);
}

/** What backslashes a text holds; `odd` is one that starts no escape of JSON. */
export type Escapes = "none" | "plain" | "unicode" | "odd";

/**
 * Looks at every backslash: the tiny engine's JSON.parse also takes the escapes of JavaScript (\x00, \0, \u{0}), by
 * which a NUL would slip in. Says `unicode` when there is a \u, the only way of JSON to write a NUL.
 */
export function escapesOf(text: string): Escapes {
  let found: Escapes = "none";
  for (let at = text.indexOf("\\"); at !== -1; at = text.indexOf("\\", at + 2)) {
    const next = text[at + 1] ?? "";
    if (next === "" || !'"\\/bfnrtu'.includes(next) || (next === "u" && text[at + 2] === "{")) return "odd";
    if (next === "u") found = "unicode";
    else if (found === "none") found = "plain";
  }
  return found;
}

/** JSON.parse, which may have rounded numbers; undefined when the text is not JSON. `escapes` as of escapesOf. */
export function parseQuick(text: string, escapes: Escapes): unknown {
  if (escapes === "odd") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // parseSlow says what is wrong, and where
  }
}

/** parseExact without the attempt to do it fast. */
export function parseSlow(text: string, name: string): unknown {
  return new JsonReader(text, name).document();
}

/**
 * Whether JSON.parse rounded no integer in `value` (one that it did round is beyond the safe ones now) and the text was
 * not nested too deep. In the tiny engine this walk costs a third of a regexp over the text.
 */
function isExact(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner !== "string" && !isExact(inner, depth + 1)) return false;
  }
  return true;
}

/** JSON text of `value`, bigints as plain digits; `indent` as in JSON.stringify. Throws E_INTERNAL for cycles. */
export function stringifyExact(value: unknown, indent: string | number = ""): string {
  const step = typeof indent === "number" ? " ".repeat(indent) : indent;
  if (!holdsBigint(value, 0)) return JSON.stringify(value, null, step) ?? "null";
  return write(value, step, step === "" ? "" : "\n");
}

function holdsBigint(value: unknown, depth: number): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null) return false;
  if (depth > MAX_DEPTH) throw new RuntimeError("E_INTERNAL", "can't write a value nested too deep as JSON");
  for (const key in value) if (holdsBigint((value as Record<string, unknown>)[key], depth + 1)) return true;
  return false;
}

/** `line` is the line break with the indentation of the container; empty without indentation. */
function write(value: unknown, step: string, line: string): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = line + step;
  if (Array.isArray(value)) {
    const items = value.map((item) => inner + write(item, step, inner));
    return items.length === 0 ? "[]" : `[${items.join(",")}${line}]`;
  }
  const colon = line === "" ? ":" : ": ";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => inner + JSON.stringify(key) + colon + write(member, step, inner));
  return members.length === 0 ? "{}" : `{${members.join(",")}${line}}`;
}

/**
 * Where the value that `pointer` leads to starts in `text`. A part of the way that is not there is left out, so that a
 * missing property is located at the object that lacks it. `text` must be JSON (E_CONFIG_SYNTAX otherwise).
 */
export function locate(text: string, pointer: string): Position {
  const offsets = new Map<object, Map<string, number>>();
  const reader = new JsonReader(text, "config.json", (container, key, offset) => {
    const known = offsets.get(container);
    if (known === undefined) offsets.set(container, new Map([[key, offset]]));
    else known.set(key, offset);
  });
  let current: unknown = reader.document();
  let at = text.search(/[^ \t\r\n]/);
  for (const key of pointerKeys(pointer)) {
    if (typeof current !== "object" || current === null) break;
    const offset = offsets.get(current)?.get(key);
    if (offset === undefined) break;
    at = offset;
    current = (current as Record<string, unknown>)[key];
  }
  return positionOf(text, at);
}
