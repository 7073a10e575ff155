/** Rules on the process object; they hold for `exec --process` too. */

import { capabilityNumber } from "../../linux/capabilities.ts";
import { NO_ID } from "../../linux/flags.ts";
import { type Finding, fault, NONE, warning } from "../finding.ts";
import type { Process, Spec } from "../generated/types.ts";
import { isCpuList } from "./lists.ts";

const PROCESS_REF = "config.md#process";
const POSIX_REF = "config.md#posix-process";
const LINUX_REF = "config.md#linux-process";
const USER_REF = "config.md#posix-platform-user";

/** A rule of this file; `at` is the pointer of the process object: "/process", or "" for a file of its own. */
export type ProcessRule = (process: Process, at: string) => readonly Finding[];

function commandLine(process: Process, at: string): readonly Finding[] {
  const found: Finding[] = [];
  if (!process.cwd.startsWith("/")) {
    const message = `process.cwd must be absolute (got ${JSON.stringify(process.cwd)})`;
    found.push(fault(`${at}/cwd`, message, PROCESS_REF));
  }
  if (process.args !== undefined && process.args.length === 0) {
    found.push(fault(`${at}/args`, "process.args must have at least 1 entry", PROCESS_REF));
  }
  return found;
}

function environment(process: Process, at: string): readonly Finding[] {
  const index = process.env?.findIndex((entry) => entry.indexOf("=") < 1) ?? -1;
  if (index === -1) return NONE;
  const message = `process.env[${index}] is not of the form KEY=value (got ${JSON.stringify(process.env?.[index])})`;
  return [warning("W_SUSPICIOUS", `${at}/env/${index}`, message, PROCESS_REF)];
}

/** The id 4294967295 means "leave as it is" to the kernel, so that a container asking for it would stay root. */
function ids(process: Process, at: string): readonly Finding[] {
  const { user } = process;
  if (user === undefined) {
    return [warning("W_SUSPICIOUS", at, "process.user is missing: uid 0 and gid 0 are used", USER_REF)];
  }
  const found: Finding[] = [];
  const refuseNoId = (id: number, pointer: string, name: string): void => {
    if (id === NO_ID) found.push(fault(`${at}/user/${pointer}`, `process.user.${name} can't be ${NO_ID}`, USER_REF));
  };
  refuseNoId(user.uid, "uid", "uid");
  refuseNoId(user.gid, "gid", "gid");
  user.additionalGids?.forEach((gid, i) => {
    refuseNoId(gid, `additionalGids/${i}`, `additionalGids[${i}]`);
  });
  if (user.umask !== undefined && user.umask > 0o777) {
    found.push(fault(`${at}/user/umask`, `process.user.umask must be at most 511 (got ${user.umask})`, USER_REF));
  }
  return found;
}

function rlimits(process: Process, at: string): readonly Finding[] {
  if (process.rlimits === undefined) return NONE;
  const found: Finding[] = [];
  const seen = new Set<string>();
  process.rlimits.forEach(({ type, soft, hard }, i) => {
    const pointer = `${at}/rlimits/${i}`;
    if (seen.has(type)) found.push(fault(`${pointer}/type`, `process.rlimits has ${type} more than once`, POSIX_REF));
    seen.add(type);
    if (soft > hard) {
      found.push(fault(`${pointer}/soft`, `soft limit ${soft} of ${type} is above the hard limit ${hard}`, POSIX_REF));
    }
  });
  return found;
}

const SETS = ["bounding", "effective", "inheritable", "permitted", "ambient"] as const;

function capabilityNames(process: Process, at: string): readonly Finding[] {
  const found: Finding[] = [];
  for (const set of SETS) {
    process.capabilities?.[set]?.forEach((name, i) => {
      if (capabilityNumber(name) !== undefined) return;
      const message = `unknown capability ${JSON.stringify(name)} is dropped from the ${set} set`;
      found.push(warning("W_CAPABILITY", `${at}/capabilities/${set}/${i}`, message, LINUX_REF));
    });
  }
  return found;
}

/** capset(2) and PR_CAP_AMBIENT refuse sets that are not within each other: the rest is dropped, and told. */
function capabilitySets(process: Process, at: string): readonly Finding[] {
  const { effective = [], permitted = [], inheritable = [], ambient = [] } = process.capabilities ?? {};
  const found: Finding[] = [];
  const tell = (set: string, names: readonly string[], why: string): void => {
    const known = names.filter((name) => capabilityNumber(name) !== undefined);
    if (known.length === 0) return;
    const message = `${known.join(", ")} dropped from the ${set} set: not ${why}`;
    found.push(warning("W_CAPABILITY", `${at}/capabilities/${set}`, message, LINUX_REF));
  };
  tell("effective", without(effective, permitted), "permitted");
  tell("ambient", without(ambient, permitted, inheritable), "both permitted and inheritable");
  return found;
}

/** The names that are missing in at least one of `sets`. */
function without(names: readonly string[], ...sets: readonly (readonly string[])[]): string[] {
  return names.filter((name) => sets.some((set) => !set.includes(name)));
}

function scores(process: Process, at: string): readonly Finding[] {
  const { oomScoreAdj: score, terminal, consoleSize: size } = process;
  const found: Finding[] = [];
  if (score !== undefined && (score < -1000 || score > 1000)) {
    const message = `process.oomScoreAdj must be an integer from -1000 to 1000 (got ${score})`;
    found.push(fault(`${at}/oomScoreAdj`, message, LINUX_REF));
  }
  if (terminal === true && size !== undefined && Math.max(size.height, size.width) > 65535) {
    found.push(fault(`${at}/consoleSize`, "process.consoleSize can't be over 65535", PROCESS_REF));
  }
  return found;
}

function scheduler(process: Process, at: string): readonly Finding[] {
  if (process.scheduler === undefined) return NONE;
  const { policy, nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0 } = process.scheduler;
  const found: Finding[] = [];
  const refuse = (key: string, message: string): void => {
    found.push(fault(`${at}/scheduler/${key}`, `process.scheduler.${key} ${message}`, LINUX_REF));
  };
  const realTime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
  if (policy === "SCHED_ISO") refuse("policy", "SCHED_ISO is not implemented by Linux");
  if (nice < -20 || nice > 19) refuse("nice", `must be an integer from -20 to 19 (got ${nice})`);
  if (realTime && (priority < 1 || priority > 99))
    refuse("priority", `of ${policy} must be from 1 to 99 (got ${priority})`);
  if (!realTime && priority !== 0) refuse("priority", `of ${policy} must be 0 (got ${priority})`);
  if (policy !== "SCHED_DEADLINE") {
    if (runtime || deadline || period) refuse("policy", "must be SCHED_DEADLINE for runtime, deadline or period");
  } else if (!(runtime > 0 && runtime <= deadline && (period === 0 || deadline <= period))) {
    refuse("runtime", "must be above 0 and at most deadline, which must be at most period");
  }
  return found;
}

function placement(process: Process, at: string): readonly Finding[] {
  const { ioPriority, execCPUAffinity } = process;
  const found: Finding[] = [];
  if (ioPriority !== undefined && (ioPriority.priority < 0 || ioPriority.priority > 7)) {
    const message = `process.ioPriority.priority must be an integer from 0 to 7 (got ${ioPriority.priority})`;
    found.push(fault(`${at}/ioPriority/priority`, message, LINUX_REF));
  }
  for (const key of ["initial", "final"] as const) {
    const list = execCPUAffinity?.[key];
    if (list === undefined || list === "" || isCpuList(list)) continue;
    const message = `process.execCPUAffinity.${key} must be a list such as 0-3,7 (got ${JSON.stringify(list)})`;
    found.push(fault(`${at}/execCPUAffinity/${key}`, message, LINUX_REF));
  }
  return found;
}

/** What goes into a file of procfs as one line. */
function labels(process: Process, at: string): readonly Finding[] {
  return (["apparmorProfile", "selinuxLabel"] as const).flatMap((key) => {
    const label = process[key];
    if (label === undefined || !label.includes("\n")) return [];
    return [fault(`${at}/${key}`, `process.${key} must be one line`, LINUX_REF)];
  });
}

/** Every rule on a process. */
export const PROCESS_RULES: readonly ProcessRule[] = [
  commandLine,
  environment,
  ids,
  rlimits,
  capabilityNames,
  capabilitySets,
  scores,
  scheduler,
  placement,
  labels,
];

/** The rules on the process of a Spec; without one there is nothing to break. */
export function process(spec: Spec): readonly Finding[] {
  const own = spec.process;
  return own === undefined ? NONE : PROCESS_RULES.flatMap((rule) => rule(own, "/process"));
}
