/** What a generated validator reports, and the sentence made of it. */

import { dotted, escapeKey, valueAt } from "./pointer.ts";
import { didYouMean } from "./suggest.ts";

/** The first violation that a validator met. */
export interface Violation {
  /** Pointer to the value at fault; for `required`, to the object that lacks the property. */
  readonly pointer: string;
  readonly keyword: string;
  /** What the keyword asks for: a type, a list of allowed words, the name of the missing property ... */
  readonly detail: unknown;
}

/** A generated validator: plain code without imports. After false, `errors` holds one violation. */
export interface Validator {
  (data: unknown): boolean;
  errors?: readonly Violation[] | null;
}

const LONGEST_LIST = 12;
const LONGEST_TEXT = 64;

const RANGES: Readonly<Record<string, string>> = {
  uint16: "0 to 65535",
  int32: "-2147483648 to 2147483647",
  uint32: "0 to 4294967295",
  int64: "-9223372036854775808 to 9223372036854775807",
  uint64: "0 to 18446744073709551615",
};

/** A value as shown in messages: short, on one line. */
function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}...` : value);
  }
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function integerSentence(kind: unknown, value: unknown): string {
  const range = `an integer from ${RANGES[String(kind)]}`;
  const rounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded ? `must be ${range} in plain digits` : `must be ${range}`;
}

function choiceSentence(allowed: readonly string[], value: unknown): [demand: string, suggestion: string] {
  const list = allowed.slice(0, LONGEST_LIST).filter((word) => word !== "");
  const rest = allowed.length > LONGEST_LIST ? ", ..." : "";
  return [`must be one of ${list.join(", ")}${rest}`, typeof value === "string" ? didYouMean(value, allowed) : ""];
}

const ARTICLES: Readonly<Record<string, string>> = { object: "an object", array: "an array" };

function demandOf(violation: Violation, value: unknown): [demand: string, suggestion: string] {
  const { keyword, detail } = violation;
  switch (keyword) {
    case "type":
      return [`must be ${ARTICLES[String(detail)] ?? `a ${detail}`}`, ""];
    case "enum":
      return choiceSentence(detail as readonly string[], value);
    case "int":
      return [integerSentence(detail, value), ""];
    case "minItems":
      return [`must have at least ${detail === 1 ? "1 entry" : `${detail} entries`}`, ""];
    default:
      return [`must match ${detail}`, ""];
  }
}

/**
 * The violation as one sentence, e.g. `linux.namespaces[0].type must be one of mount, pid (got "bogus")`, and the
 * pointer it belongs to. `data` is the document, `name` what the whole of it is called.
 */
export function describeViolation(
  violation: Violation,
  data: unknown,
  name: string,
): { message: string; pointer: string } {
  if (violation.keyword === "required") {
    const pointer = `${violation.pointer}/${escapeKey(String(violation.detail))}`;
    return { message: `${dotted(pointer)} is missing`, pointer };
  }
  const value = valueAt(data, violation.pointer);
  const [demand, suggestion] = demandOf(violation, value);
  const subject = dotted(violation.pointer) || name;
  return { message: `${subject} ${demand} (got ${shown(value)})${suggestion}`, pointer: violation.pointer };
}
