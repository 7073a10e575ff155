/**
 * What an ordered list of device rules (config-linux.md#allowed-device-list) comes to: one default and the exceptions
 * to it. The same policy is written to v1 files and, on v2, compiled to a program; pure.
 */
import { RuntimeError } from "../errors.ts";
import type { Resources } from "./types.ts";

type Rule = NonNullable<Resources["devices"]>[number];

/** A set of devices that is treated otherwise than the default. */
export interface DeviceException {
  readonly type: "b" | "c";
  /** -1 is every number. */
  readonly major: number;
  readonly minor: number;
  /** Some of `rwm`, in this order. */
  readonly access: string;
  /** JSON pointer of the rule, "" for the defaults. */
  readonly from: string;
}

export interface DevicePolicy {
  readonly allowByDefault: boolean;
  readonly exceptions: readonly DeviceException[];
}

const POINTER = "/linux/resources/devices";
const ALL = "rwm";
const ANY = -1;

/** What every container may use: making any node, and the devices of config-linux.md#default-devices and tun. */
const DEFAULTS: readonly (readonly [type: "b" | "c", major: number, minor: number, access: string])[] = [
  ["c", ANY, ANY, "m"],
  ["b", ANY, ANY, "m"],
  ["c", 1, 3, ALL],
  ["c", 1, 5, ALL],
  ["c", 1, 7, ALL],
  ["c", 1, 8, ALL],
  ["c", 1, 9, ALL],
  ["c", 5, 0, ALL],
  ["c", 5, 2, ALL],
  ["c", 10, 200, ALL],
  ["c", 136, ANY, ALL],
];

/**
 * Applies the rules in order to "nothing is allowed", then the defaults. Throws E_CONFIG_INVALID for a rule that is not
 * one, and for a rule that would cut a hole into an exception, which the kernel's lists can't hold.
 */
export function devicePolicy(rules: readonly Rule[] | undefined): DevicePolicy {
  let policy: DevicePolicy = { allowByDefault: false, exceptions: [] };
  for (const [index, rule] of (rules ?? []).entries()) policy = applyRule(policy, rule, `${POINTER}/${index}`);
  if (policy.allowByDefault) return policy;
  const defaults = DEFAULTS.map(([type, major, minor, access]) => ({ type, major, minor, access, from: "" }));
  return { allowByDefault: false, exceptions: defaults.reduce(add, policy.exceptions) };
}

function applyRule(policy: DevicePolicy, rule: Rule, from: string): DevicePolicy {
  const { type = "a", major = ANY, minor = ANY } = rule;
  const access = normalAccess(rule.access, from);
  const isAll = type === "a" || type === "";
  if (isAll && major < 0 && minor < 0 && access === ALL) return { allowByDefault: rule.allow, exceptions: [] };
  const types: readonly ("b" | "c")[] = isAll ? ["b", "c"] : [type];
  const change = rule.allow === policy.allowByDefault ? remove : add;
  const exceptions = types
    .map((each) => ({ type: each, major: Math.max(major, ANY), minor: Math.max(minor, ANY), access, from }))
    .reduce(change, policy.exceptions);
  return { ...policy, exceptions };
}

/** Letters in the kernel's order; what is not given is all of them. */
function normalAccess(access: string | undefined, pointer: string): string {
  const given = access === undefined || access === "" ? ALL : access;
  if (!/^[rwm]+$/.test(given)) {
    throw new RuntimeError("E_CONFIG_INVALID", `device access ${given}: not made of r, w and m`, { pointer });
  }
  return [...ALL].filter((letter) => given.includes(letter)).join("");
}

/** One more exception; letters that the same devices already have are not listed twice. */
function add(exceptions: readonly DeviceException[], added: DeviceException): readonly DeviceException[] {
  const at = exceptions.findIndex((each) => isSame(each, added));
  const old = exceptions[at];
  if (old === undefined) return [...exceptions, added];
  if ([...added.access].every((letter) => old.access.includes(letter))) return exceptions;
  const merged = {
    ...added,
    access: normalAccess(old.access + added.access, added.from),
    from: added.from || old.from,
  };
  return exceptions.with(at, merged);
}

/** Takes back what the rule covers. */
function remove(exceptions: readonly DeviceException[], taken: DeviceException): readonly DeviceException[] {
  return exceptions.flatMap((each) => {
    const shared = [...each.access].some((letter) => taken.access.includes(letter));
    if (each.type !== taken.type || !shared || !overlap(each, taken)) return [each];
    if (!covers(taken, each)) throw hole(each, taken);
    const access = [...each.access].filter((letter) => !taken.access.includes(letter)).join("");
    return access === "" ? [] : [{ ...each, access }];
  });
}

function isSame(one: DeviceException, other: DeviceException): boolean {
  return one.type === other.type && one.major === other.major && one.minor === other.minor;
}

function overlap(one: DeviceException, other: DeviceException): boolean {
  const meet = (a: number, b: number) => a === b || a === ANY || b === ANY;
  return meet(one.major, other.major) && meet(one.minor, other.minor);
}

function covers(wide: DeviceException, narrow: DeviceException): boolean {
  const holds = (a: number, b: number) => a === ANY || a === b;
  return holds(wide.major, narrow.major) && holds(wide.minor, narrow.minor);
}

function hole(exception: DeviceException, { from }: DeviceException): RuntimeError {
  const cause = exception.from === "" ? "a default" : exception.from;
  const message = `device rule: can't take a part out of the earlier ${deviceText(exception)} (${cause})`;
  return new RuntimeError("E_CONFIG_INVALID", message, { pointer: from });
}

/** `c 1:3 rwm`, with `*` for every number: the form of the v1 files. */
export function deviceText({ type, major, minor, access }: DeviceException): string {
  const number = (value: number) => (value === ANY ? "*" : String(value));
  return `${type} ${number(major)}:${number(minor)} ${access}`;
}
