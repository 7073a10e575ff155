/** One walk over a parsed document along its schema: null means absent, and unknown keys are told. */

import { type Warning, warning } from "./finding.ts";
import { pointerOf } from "./pointer.ts";
import { didYouMean } from "./suggest.ts";

/** The known keys of a document, generated from its schema. 0 stands for a value that has nothing to look into. */
export interface Shape {
  /** An object with these keys; without prototype. */
  readonly keys?: Readonly<Record<string, Shape | 0>>;
  /** An array of these. */
  readonly items?: Shape;
  /** An object with keys of any name and these values. */
  readonly values?: Shape;
}

type Path = (string | number)[];

/**
 * Removes every member that is null (Go's clients write null for an empty list, and mean absent) and returns a warning
 * for every key that the schema doesn't know. Values of a wrong type are left to the validator.
 */
export function conform(value: unknown, shape: Shape): Warning[] {
  const warnings: Warning[] = [];
  visit(value, shape, [], warnings);
  return warnings;
}

function visit(value: unknown, shape: Shape, path: Path, warnings: Warning[]): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    if (shape.items !== undefined) visitItems(value, shape.items, path, warnings);
  } else if (shape.items === undefined) {
    visitMembers(value as Record<string, unknown>, shape, path, warnings);
  }
}

function visitItems(items: readonly unknown[], shape: Shape, path: Path, warnings: Warning[]): void {
  for (let i = 0; i < items.length; i++) {
    path.push(i);
    visit(items[i], shape, path, warnings);
    path.pop();
  }
}

function visitMembers(object: Record<string, unknown>, shape: Shape, path: Path, warnings: Warning[]): void {
  const { keys, values } = shape;
  for (const key in object) {
    const member = object[key];
    if (member === null) {
      delete object[key];
      continue;
    }
    const inner = keys === undefined ? (values ?? 0) : keys[key];
    if (inner === undefined) {
      warnings.push(unknownKey(key, Object.keys(keys ?? {}), path));
    } else if (inner !== 0) {
      path.push(key);
      visit(member, inner, path, warnings);
      path.pop();
    }
  }
}

function unknownKey(key: string, siblings: readonly string[], path: Path): Warning {
  const message = `unknown key ${JSON.stringify(key)}${didYouMean(key, siblings)}`;
  return warning("W_UNKNOWN_KEY", pointerOf([...path, key]), message, "config.md#extensibility");
}
