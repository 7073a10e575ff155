/** From the bytes of config.json to a Spec of the right types. What the values mean is checked by validate.ts. */

import { type ErrorDetails, RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { EFBIG, EILSEQ, EISDIR, ELOOP, ENOENT, ENOTDIR, errnoName, errnoText } from "../linux/errno.ts";
import { conform, type Shape } from "./conform.ts";
import type { Warning } from "./finding.ts";
import { configShape, processShape } from "./generated/shapes.ts";
import type { Process, Resources, Spec } from "./generated/types.ts";
import { validateConfig, validateProcess } from "./generated/validate-config.ts";
import { escapesOf, locate, parseExact, parseQuick, parseSlow } from "./json.ts";
import { MAX_DEPTH } from "./json-reader.ts";
import { dotted, pointerOf } from "./pointer.ts";
import { describeViolation, type Validator, type Violation } from "./violation.ts";

const MAX_BYTES = 16 * 1024 * 1024;

interface DocumentKind {
  readonly name: string;
  readonly shape: Shape;
  readonly validate: Validator;
}

const CONFIG: DocumentKind = { name: "config.json", shape: configShape, validate: validateConfig };
const PROCESS: DocumentKind = { name: "process.json", shape: processShape, validate: validateProcess };

/**
 * Reads the config.json of a bundle (an absolute path), or the file given in its place. Returns the Spec, the text as it is in the file (for the saved
 * copy) and a warning per unknown key. Throws E_CONFIG_MISSING, E_CONFIG_SYNTAX, E_CONFIG_INVALID or E_SYSTEM.
 */
export function loadSpec(bundle: string, file?: string): { spec: Spec; text: string; warnings: Warning[] } {
  const text =
    file === undefined
      ? readDocument(`${bundle}/config.json`, "config.json", ` in bundle ${bundle}`)
      : readDocument(file, "config.json", ` in file ${file}`);
  return { ...parseSpec(text), text };
}

/** The Spec in a text, and a warning per unknown key. Throws E_CONFIG_SYNTAX or E_CONFIG_INVALID. */
export function parseSpec(text: string): { spec: Spec; warnings: Warning[] } {
  const { value, warnings } = parseDocument(text, CONFIG);
  return { spec: value as Spec, warnings };
}

/** Reads a process document (`exec --process FILE`); as loadSpec. */
export function loadProcess(path: string): { process: Process; warnings: Warning[] } {
  return parseProcess(readDocument(path, path, ""));
}

/** The Process in a text; as parseSpec. */
export function parseProcess(text: string): { process: Process; warnings: Warning[] } {
  const { value, warnings } = parseDocument(text, PROCESS);
  return { process: value as Process, warnings };
}

/**
 * Reads a document with resources alone (`update --resources FILE`), which errors call `name`; pointers are those of
 * config.json.
 */
export function loadResources(path: string, name = path): { resources: Resources; warnings: Warning[] } {
  const text = readDocument(path, name, "");
  // By itself first: what it holds must not end the object around it.
  parseExact(text, name);
  const { spec, warnings } = parseSpec(`{"ociVersion":"1.0.0","linux":{"resources":${text}}}`);
  return { resources: spec.linux?.resources ?? {}, warnings };
}

const UNFIT_FILES: Readonly<Record<number, string>> = {
  [EFBIG]: "larger than 16 MiB",
  [EILSEQ]: "not UTF-8",
};

function readDocument(path: string, name: string, where: string): string {
  try {
    return port().readJson(path, MAX_BYTES, MAX_DEPTH);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const { errno, syscall } = error;
    const details: ErrorDetails = { syscall, errno: errnoName(errno), cause: error };
    const unfit =
      UNFIT_FILES[errno] ?? (errno === ELOOP && !syscall.startsWith("open") ? "nested too deep" : undefined);
    if (unfit !== undefined) throw new RuntimeError("E_CONFIG_SYNTAX", `${name}: ${unfit}${where}`, details);
    const missing = errno === ENOENT || errno === ENOTDIR || errno === EISDIR;
    throw new RuntimeError(missing ? "E_CONFIG_MISSING" : "E_SYSTEM", `${name}: ${errnoText(errno)}${where}`, details);
  }
}

function parseDocument(text: string, kind: DocumentKind): { value: unknown; warnings: Warning[] } {
  const escapes = escapesOf(text);
  let value = parseQuick(text, escapes);
  let warnings = conform(value, kind.shape);
  // Numbers that JSON.parse rounded fail as integers, so that only such texts, and faulty ones, are read again.
  if (!kind.validate(value)) {
    value = parseSlow(text, kind.name);
    warnings = conform(value, kind.shape);
    if (!kind.validate(value)) throw invalid(text, value, kind);
  }
  // Characters that no path or argument can hold get into a text only by \u.
  if (escapes === "unicode") refuseUnfitText(value, [], text);
  return { value, warnings };
}

function invalid(text: string, value: unknown, kind: DocumentKind): RuntimeError {
  const violation = kind.validate.errors?.[0] as Violation;
  const { message, pointer } = describeViolation(violation, value, kind.name);
  return new RuntimeError("E_CONFIG_INVALID", message, { pointer, ...locate(text, pointer) });
}

/** A NUL, which would end a string for the kernel, or half of a surrogate pair, which stands for a raw byte in a path. */
const UNFIT = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function refuseUnfitText(value: unknown, path: (string | number)[], text: string): void {
  if (typeof value === "string") {
    if (UNFIT.test(value)) throw unfitText(pointerOf(path), text);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (UNFIT.test(key)) throw unfitText(pointerOf([...path, key]), text);
      refuseUnfitText(member, [...path, key], text);
    }
  }
}

function unfitText(pointer: string, text: string): RuntimeError {
  const message = `${dotted(pointer)} holds a character that no string of the system can hold`;
  return new RuntimeError("E_CONFIG_INVALID", message, { pointer, ...locate(text, pointer) });
}
