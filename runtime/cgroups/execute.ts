/** The steps makeCgroup and writeCgroup, walked on this host through the port. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port, type SystemError } from "../host/port.ts";
import { EBUSY, EEXIST, EINVAL, ENOENT, errnoName, errnoText } from "../linux/errno.ts";
import { O_WRONLY } from "../linux/flags.ts";
import type { MakeCgroupStep, WriteCgroupStep } from "../plan/generated/step.ts";
import { isDirectory, MAX_CGROUP_FILE, nameOf, parentOf, readIfThere, removeEmpty } from "./files.ts";
import { words } from "./layout.ts";
import { pidsIn } from "./processes.ts";

/** Another runtime may remove an empty parent at the moment in which we make our child. */
const ATTEMPTS = 8;

/**
 * Makes one cgroup with its missing parents and gives back the directories made, parents first. One that exists is
 * taken when it is empty. Throws E_CGROUP, with nothing left behind, when it has processes, when it is frozen, or when
 * the kernel refuses.
 */
export function makeCgroup(step: MakeCgroupStep): string[] {
  const made: string[] = [];
  try {
    makeDirectory(step, step.path, made);
    if (made.at(-1) !== step.path) refuseOccupied(step);
    if (step.freezer !== "") refuseFrozen(step);
    for (const file of step.inherit) inherit(step, step.path, file);
    enable(step);
    return made;
  } catch (error) {
    for (const path of made.reverse()) removeEmpty(path);
    throw isSystemError(error) ? fault(step.from, `cgroup ${step.path}`, error) : error;
  }
}

/**
 * The directories above the container's own that are not there yet: what makeCgroup is going to make besides. Read
 * before the first of them is made, so that the record names them even if we are killed in between.
 */
export function missingParents(steps: readonly Pick<MakeCgroupStep, "path" | "hierarchy">[]): string[] {
  const missing = new Set<string>();
  for (const { path, hierarchy } of steps) {
    for (let at = parentOf(path); at.length > hierarchy.length && !missing.has(at); at = parentOf(at)) {
      if (isDirectory(at)) break;
      missing.add(at);
    }
  }
  return [...missing];
}

function makeDirectory(step: MakeCgroupStep, path: string, made: string[]): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      port().mkdir(path, 0o755);
      made.push(path);
      return;
    } catch (error) {
      if (isSystemError(error, EEXIST)) return;
      if (!isSystemError(error, ENOENT) || parentOf(path) === step.hierarchy || attempt === ATTEMPTS) throw error;
    }
    makeDirectory(step, parentOf(path), made);
  }
}

function refuseOccupied({ path, from }: MakeCgroupStep): void {
  const { length } = pidsIn(path);
  if (length === 0) return;
  const message = `cgroup ${path}: is in use by ${length} ${length === 1 ? "process" : "processes"}`;
  throw new RuntimeError("E_CGROUP", message, { pointer: from, specRef: "config-linux.md#control-groups" });
}

/** A process that enters a frozen cgroup stops there, and create with it. */
function refuseFrozen({ path, freezer, from }: MakeCgroupStep): void {
  const state = readIfThere(`${path}/${freezer}`) ?? "";
  if (!/^(FROZEN|FREEZING)|^frozen 1$/m.test(state)) return;
  throw new RuntimeError("E_CGROUP", `cgroup ${path}: is frozen`, { pointer: from, hint: "thaw it or its parent" });
}

/** Gives a level that has no value the value of the level above it, from the top down. */
function inherit(step: MakeCgroupStep, path: string, file: string): string {
  const value = port().readFile(`${path}/${file}`, MAX_CGROUP_FILE).trim();
  if (value !== "" || path === step.hierarchy) return value;
  const inherited = inherit(step, parentOf(path), file);
  port().writeFile(`${path}/${file}`, inherited, O_WRONLY);
  return inherited;
}

/** Switches controllers on in every level above, where they are not; those that nobody needs may stay off. */
function enable({ path, hierarchy, enable: wanted, need, from }: MakeCgroupStep): void {
  if (wanted.length === 0) return;
  const there = words(port().readFile(`${path}/cgroup.controllers`, MAX_CGROUP_FILE));
  const missing = wanted.filter((controller) => !there.includes(controller));
  if (missing.length === 0) return;
  const levels: string[] = [];
  for (let level = parentOf(path); level.length >= hierarchy.length; level = parentOf(level)) levels.unshift(level);
  for (const level of levels) {
    const file = `${level}/cgroup.subtree_control`;
    const on = words(port().readFile(file, MAX_CGROUP_FILE));
    for (const { controller, error } of switchOn(
      file,
      missing.filter((name) => !on.includes(name)),
    )) {
      if (need.includes(controller)) throw cannotEnable(level, controller, error, from);
    }
  }
}

/** All at once, or one by one when that is refused; gives back what stayed off. */
function switchOn(file: string, controllers: readonly string[]): { controller: string; error: SystemError }[] {
  if (controllers.length === 0) return [];
  const text = controllers.map((controller) => `+${controller}`).join(" ");
  const failure = writeLines(file, text);
  if (failure === null) return [];
  const [only, ...others] = controllers;
  if (only !== undefined && others.length === 0) return [{ controller: only, error: failure.error }];
  return controllers.flatMap((controller) => switchOn(file, [controller]));
}

function cannotEnable(level: string, controller: string, error: SystemError, from: string): RuntimeError {
  const hint = error.errno === EBUSY ? "the cgroup has processes of its own; move them into a child" : undefined;
  return fault(from, `cgroup ${level}: enable ${controller}`, error, hint);
}

/**
 * Writes one value. `warn` hears of failures that the step allows. Throws E_CGROUP with the file, the value and the
 * kernel's reason, e.g. `memory.limit_in_bytes: write 4096: device or resource busy`.
 */
export function writeCgroup(step: WriteCgroupStep, warn: (message: string, pointer?: string) => void): void {
  const { file, value, otherFile, otherValue, onFailure, from } = step;
  if (step.notBelow !== "") refuseBelow(step);
  const failure = writeLines(file, value);
  if (failure === null) return;
  const { errno } = failure.error;
  if (onFailure === "warn") warn(failureText(file, failure), from);
  else if (onFailure === "unblock" && errno === EINVAL) {
    check(step, otherFile, writeLines(otherFile, otherValue));
    check(step, file, writeLines(file, value));
  } else if (errno === ENOENT && onFailure === "" && otherFile !== "") {
    check(step, otherFile, writeLines(otherFile, otherValue));
  } else if (errno !== ENOENT || onFailure !== "skip") check(step, file, failure);
}

interface Failure {
  readonly line: string;
  readonly error: SystemError;
}

/** The kernel takes one entry in one write; a value of several lines is several of them. */
function writeLines(file: string, value: string): Failure | null {
  const lines = value.split("\n").filter((line) => line !== "");
  let [line = ""] = lines;
  let fd = -1;
  try {
    if (lines.length === 1) port().writeFile(file, line, O_WRONLY);
    else if (lines.length > 1) {
      fd = port().open(file, O_WRONLY);
      for (line of lines) port().write(fd, line);
    }
    return null;
  } catch (error) {
    if (isSystemError(error)) return { line, error };
    throw error;
  } finally {
    if (fd >= 0) port().close(fd);
  }
}

function check({ from }: WriteCgroupStep, file: string, failure: Failure | null): void {
  if (failure === null) return;
  const { error } = failure;
  const details = {
    pointer: from,
    phase: "writeCgroup",
    syscall: error.syscall,
    errno: errnoName(error.errno),
    cause: error,
  };
  throw new RuntimeError("E_CGROUP", failureText(file, failure), details);
}

function failureText(file: string, { line, error }: Failure): string {
  if (error.errno === ENOENT) return `${nameOf(file)}: write ${line}: this kernel has no such file`;
  return `${nameOf(file)}: write ${line}: ${errnoText(error.errno)}`;
}

function refuseBelow({ file, value, notBelow, from }: WriteCgroupStep): void {
  const text = readIfThere(notBelow)?.trim() ?? "";
  if (!/^\d+$/.test(text) || BigInt(text) <= BigInt(value)) return;
  throw new RuntimeError("E_CGROUP", `${nameOf(file)}: ${value} is below the usage of ${text}`, { pointer: from });
}

function fault(pointer: string, what: string, error: SystemError, hint?: string): RuntimeError {
  const { syscall, errno } = error;
  const details = { pointer, phase: "makeCgroup", syscall, errno: errnoName(errno), cause: error, hint };
  return new RuntimeError("E_CGROUP", `${what}: ${errnoText(errno)}`, details);
}
