/** Actions and flags by name, and their numbers (linux/seccomp.h, kernel 6.12). */

import { type Integer, invalid, POINTER, type SeccompProfile } from "./profile.ts";

export const KILL_THREAD = 0x00000000;
export const KILL_PROCESS = 0x80000000;
export const TRAP = 0x00030000;
export const ERRNO = 0x00050000;
export const NOTIFY = 0x7fc00000;
export const TRACE = 0x7ff00000;
export const LOG = 0x7ffc0000;
export const ALLOW = 0x7fff0000;

/** The part of a return value that says what is done; the rest is data. */
export const ACTION_MASK = 0xffff0000;

/** Errors that a profile's default or the stub for newer calls returns. */
const EPERM = 1;
export const ENOSYS = 38;

/** The kernel cuts the errno of an ERRNO action at this (MAX_ERRNO); a tracer may be given any 16 bits. */
const DATA_LIMITS: ReadonlyMap<number, number> = new Map([
  [ERRNO, 4095],
  [TRACE, 0xffff],
]);

/** Actions by the specification's names. */
export const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: KILL_THREAD,
  SCMP_ACT_KILL_THREAD: KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: KILL_PROCESS,
  SCMP_ACT_TRAP: TRAP,
  SCMP_ACT_ERRNO: ERRNO,
  SCMP_ACT_TRACE: TRACE,
  SCMP_ACT_ALLOW: ALLOW,
  SCMP_ACT_LOG: LOG,
  SCMP_ACT_NOTIFY: NOTIFY,
};

/** Filter flags by name. */
export const FLAGS: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
};
const TSYNC = 1;
const SPEC_ALLOW = 4;
const NEW_LISTENER = 8;
const TSYNC_ESRCH = 16;
const WAIT_KILLABLE_RECV = 32;

/**
 * The filter's return value for an action of the profile: `errnoRet` (default EPERM) goes into ERRNO and TRACE.
 * @param pointer of the object that holds both; `keys` are their names in it
 * @throws E_CONFIG_INVALID for an unknown action, an errno with an action that takes none, or one out of range
 */
export function actionValue(
  name: string,
  errnoRet: Integer | undefined,
  pointer: string,
  keys: readonly [action: string, errno: string] = ["action", "errnoRet"],
): number {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw invalid(`${name} is no action`, `${pointer}/${keys[0]}`);
  const limit = DATA_LIMITS.get(action);
  if (limit === undefined) {
    if (errnoRet === undefined) return action;
    throw invalid(`${name} takes no errno`, `${pointer}/${keys[1]}`);
  }
  const errno = errnoRet ?? EPERM;
  if (errno < 0 || errno > limit) throw invalid(`errno ${errno} is out of range`, `${pointer}/${keys[1]}`);
  return action | Number(errno);
}

/**
 * Flags for seccomp(2), SECCOMP_SET_MODE_FILTER. A profile without `flags` gets SPEC_ALLOW, as with runc: the mitigation
 * it would switch on slows the whole container down; an empty list means none.
 * @param notify whether the filter notifies: adds NEW_LISTENER (and TSYNC_ESRCH, without which TSYNC excludes it);
 *   without it WAIT_KILLABLE_RECV means nothing, and is left out, since the kernel would refuse it
 */
export function filterFlags(profile: SeccompProfile, notify: boolean, warnings: string[]): number {
  let flags = profile.flags === undefined ? SPEC_ALLOW : 0;
  for (const [index, name] of (profile.flags ?? []).entries()) {
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
    if (flag === undefined) throw invalid(`${name} is no flag`, `${POINTER}/flags/${index}`);
    if (flag === WAIT_KILLABLE_RECV && !notify) {
      warnings.push(`seccomp: ${name} has no effect: no rule notifies (config.json ${POINTER}/flags/${index})`);
    } else {
      flags |= flag;
    }
  }
  if (!notify) return flags;
  return flags | NEW_LISTENER | ((flags & TSYNC) !== 0 ? TSYNC_ESRCH : 0);
}
