/** Numbers in cgroup files: alone, with names, by device, as lists. */
import { readIfThere } from "./files.ts";
import type { DeviceCount, Pressure, PressureLine } from "./statistics.ts";
import type { Integer } from "./types.ts";

/** What the kernel means by no limit, where a number is wanted. */
export const UINT64_MAX = 18446744073709551615n;

/** An integer without loss; `max` is the largest; 0 for what is none. */
export function integerOf(text: string): Integer {
  const word = text.trim();
  if (word === "max") return UINT64_MAX;
  if (!/^-?\d{1,20}$/.test(word)) return 0;
  const value = Number(word);
  return Number.isSafeInteger(value) ? value : BigInt(word);
}

/** The number in a file, or undefined when there is no such file. */
export function numberIn(file: string): Integer | undefined {
  const text = readIfThere(file);
  return text === undefined ? undefined : integerOf(text);
}

/** Lines of a name and a number. */
export function namedNumbers(file: string): Record<string, Integer> {
  const found: Record<string, Integer> = {};
  for (const line of (readIfThere(file) ?? "").split("\n")) {
    const [name, value] = line.split(" ");
    if (name !== undefined && value !== undefined) found[name] = integerOf(value);
  }
  return found;
}

/** Product without loss. */
export function times(value: Integer, factor: number): Integer {
  return integerOf(String(BigInt(value) * BigInt(factor)));
}

/** Sum without loss; more than 64 bits is no limit. */
export function sum(one: Integer, other: Integer): Integer {
  const exact = BigInt(one) + BigInt(other);
  return exact > UINT64_MAX ? UINT64_MAX : integerOf(String(exact));
}

/** v1 lines of `MAJOR:MINOR [OP] VALUE`; undefined when there is no such file. */
export function deviceCounts(file: string): DeviceCount[] | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  return [...text.matchAll(/^(\d+):(\d+)(?: ([A-Za-z]+))? (\d+)$/gm)].map(([, major, minor, op = "", value = ""]) => ({
    major: Number(major),
    minor: Number(minor),
    op,
    value: integerOf(value),
  }));
}

/** `0-2,7` as numbers. */
export function listOf(text: string): number[] {
  return text
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** A PSI file; undefined when the kernel keeps none. */
export function pressureIn(file: string): { psi: Pressure } | undefined {
  let text: string | undefined;
  try {
    text = readIfThere(file);
  } catch {
    // EOPNOTSUPP: built in, but switched off at boot.
    return undefined;
  }
  if (text === undefined) return undefined;
  return { psi: { some: pressureLine(text, "some"), full: pressureLine(text, "full") } };
}

function pressureLine(text: string, name: string): PressureLine {
  const words = new RegExp(`^${name} avg10=(\\S+) avg60=(\\S+) avg300=(\\S+) total=(\\d+)$`, "m").exec(text);
  const [, avg10 = 0, avg60 = 0, avg300 = 0, total = "0"] = words ?? [];
  return { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), total: integerOf(total) };
}
