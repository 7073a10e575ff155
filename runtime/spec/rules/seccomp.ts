/** Rules on the seccomp section. */

import { type Finding, fault, NONE } from "../finding.ts";
import type { Seccomp, SeccompSyscall, Spec } from "../generated/types.ts";

const SECCOMP_REF = "config-linux.md#seccomp";
const AT = "/linux/seccomp";
/** Arguments of a system call: 0 to 5. */
const LAST_ARGUMENT = 5;
/** SECCOMP_RET_DATA is 16 bits wide. */
const MOST_DATA = 65535;

/** Actions that carry a number back. */
const WITH_ERRNO = new Set(["SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"]);

function errnoFaults(action: string, errnoRet: number | undefined, key: string, name: string): Finding[] {
  if (errnoRet === undefined) return [];
  if (!WITH_ERRNO.has(action)) return [fault(`${AT}${key}`, `${name} can't go with ${action}`, SECCOMP_REF)];
  return errnoRet > MOST_DATA
    ? [fault(`${AT}${key}`, `${name} is above ${MOST_DATA} (got ${errnoRet})`, SECCOMP_REF)]
    : [];
}

function ruleFaults(rule: SeccompSyscall, i: number): Finding[] {
  const name = `linux.seccomp.syscalls[${i}]`;
  const found = errnoFaults(rule.action, rule.errnoRet, `/syscalls/${i}/errnoRet`, `${name}.errnoRet`);
  const empty = rule.names.indexOf("");
  if (empty !== -1)
    found.push(fault(`${AT}/syscalls/${i}/names/${empty}`, `${name}.names[${empty}] is empty`, SECCOMP_REF));
  rule.args?.forEach(({ index }, j) => {
    if (index <= LAST_ARGUMENT) return;
    const message = `${name}.args[${j}].index must be an integer from 0 to ${LAST_ARGUMENT} (got ${index})`;
    found.push(fault(`${AT}/syscalls/${i}/args/${j}/index`, message, SECCOMP_REF));
  });
  return found;
}

function listenerFaults(seccomp: Seccomp): Finding[] {
  const found: Finding[] = [];
  const notify = (seccomp.syscalls ?? []).findIndex((rule) => rule.action === "SCMP_ACT_NOTIFY");
  if (seccomp.listenerMetadata && !seccomp.listenerPath) {
    const message = "linux.seccomp.listenerMetadata needs linux.seccomp.listenerPath";
    found.push(fault(`${AT}/listenerMetadata`, message, SECCOMP_REF));
  }
  if (seccomp.defaultAction === "SCMP_ACT_NOTIFY") {
    const message = "linux.seccomp.defaultAction can't be SCMP_ACT_NOTIFY: nothing could be started";
    found.push(fault(`${AT}/defaultAction`, message, SECCOMP_REF));
  }
  if (notify !== -1 && !seccomp.listenerPath) {
    const message = `linux.seccomp.syscalls[${notify}].action SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath`;
    found.push(fault(`${AT}/syscalls/${notify}/action`, message, SECCOMP_REF));
  }
  return found;
}

/** Every rule on seccomp. */
export function seccomp(spec: Spec): readonly Finding[] {
  const own = spec.linux?.seccomp;
  if (own === undefined) return NONE;
  return [
    ...errnoFaults(own.defaultAction, own.defaultErrnoRet, "/defaultErrnoRet", "linux.seccomp.defaultErrnoRet"),
    ...(own.syscalls ?? []).flatMap(ruleFaults),
    ...listenerFaults(own),
  ];
}
