/**
 * A strict JSON reader that keeps integers exact and knows where it is. The slow road: taken only when a text holds
 * numbers that JSON.parse would round, or when an error has to be located.
 */

import { RuntimeError } from "../errors.ts";

/** Levels of arrays and objects; what the host's readJson refuses too. */
export const MAX_DEPTH = 128;
/** Digits of 2^64-1. More are refused before BigInt sees them, whose cost is unbounded. */
const MAX_DIGITS = 20;

const SPACE = /[ \t\r\n]*/y;
/** No quote, backslash or control character. */
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;

/** Line and column, both from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of `offset` in `text`. */
export function positionOf(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

/** Called with each member or element before it is read: its container, its key and the offset of its value. */
export type OnChild = (container: object, key: string, offset: number) => void;

export class JsonReader {
  readonly #text: string;
  readonly #name: string;
  readonly #onChild: OnChild | undefined;
  #at = 0;

  /** `name` is what errors call the text. */
  constructor(text: string, name: string, onChild?: OnChild) {
    this.#text = text;
    this.#name = name;
    this.#onChild = onChild;
  }

  /** The whole text as one value. Throws E_CONFIG_SYNTAX with line and column. */
  document(): unknown {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#unexpected();
    return value;
  }

  #fail(problem: string): never {
    const { line, column } = positionOf(this.#text, this.#at);
    const where = `at line ${line}, column ${column}`;
    throw new RuntimeError("E_CONFIG_SYNTAX", `${this.#name}: ${problem} ${where}`, { line, column });
  }

  /** Complains of the next character, and says what should stand there. */
  #unexpected(wanted?: string): never {
    const next = this.#text.codePointAt(this.#at);
    if (next === undefined) this.#fail("unexpected end of text");
    const expected = wanted === undefined ? "" : ` instead of ${wanted}`;
    this.#fail(`unexpected ${JSON.stringify(String.fromCodePoint(next))}${expected}`);
  }

  /** The text that the sticky `pattern` matches here, or undefined; moves behind it. */
  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #skipSpace(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code <= 0x20) this.#take(SPACE);
  }

  #value(depth: number): unknown {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth + 1);
      case "[":
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #word(word: string, value: boolean | null): boolean | null {
    if (!this.#text.startsWith(word, this.#at)) this.#unexpected("a value");
    this.#at += word.length;
    return value;
  }

  #enter(depth: number): void {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`);
    this.#at++;
    this.#skipSpace();
  }

  /** After a member: true when a comma says that another follows, false at `close`. */
  #another(close: string): boolean {
    this.#skipSpace();
    const next = this.#text[this.#at];
    if (next !== "," && next !== close) this.#unexpected(`"," or "${close}"`);
    this.#at++;
    return next === ",";
  }

  #child(container: object, key: string, depth: number): unknown {
    this.#skipSpace();
    this.#onChild?.(container, key, this.#at);
    return this.#value(depth);
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#enter(depth);
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return object;
    }
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') this.#unexpected("a key in double quotes");
      const key = this.#string();
      this.#skipSpace();
      if (this.#text[this.#at] !== ":") this.#unexpected('":"');
      this.#at++;
      const value = this.#child(object, key, depth);
      // A plain assignment to __proto__ would change the prototype instead of making a member.
      if (key !== "__proto__") object[key] = value;
      else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    } while (this.#another("}"));
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#enter(depth);
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return array;
    }
    do array.push(this.#child(array, String(array.length), depth));
    while (this.#another("]"));
    return array;
  }

  #string(): string {
    const start = this.#at++;
    let escaped = false;
    for (;;) {
      this.#take(PLAIN);
      const next = this.#text[this.#at];
      if (next === '"') break;
      if (next !== "\\") this.#failInString(next);
      if (this.#take(ESCAPE) === undefined) this.#fail("bad escape in a string");
      escaped = true;
    }
    const end = ++this.#at;
    if (!escaped) return this.#text.slice(start + 1, end - 1);
    return JSON.parse(this.#text.slice(start, end)) as string;
  }

  #failInString(next: string | undefined): never {
    this.#fail(next === undefined ? "unexpected end of text" : "control character in a string");
  }

  #number(): number | bigint {
    const start = this.#at;
    const match = this.#take(NUMBER);
    if (match === undefined) this.#unexpected("a value");
    const [token, digits = "", fraction, exponent] = match;
    if (digits.length > MAX_DIGITS) {
      this.#at = start;
      this.#fail(`number of more than ${MAX_DIGITS} digits`);
    }
    const value = Number(token);
    if (fraction === undefined && exponent === undefined) return Number.isSafeInteger(value) ? value : BigInt(token);
    if (!Number.isFinite(value)) {
      this.#at = start;
      this.#fail("number out of range");
    }
    return value;
  }
}
