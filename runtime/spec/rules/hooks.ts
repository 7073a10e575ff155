/** Rules on hooks. */

import { type Finding, fault, NONE } from "../finding.ts";
import type { Hook, Spec } from "../generated/types.ts";

const HOOKS_REF = "config.md#posix-platform-hooks";

/** Every kind of hook, in the order in which they run. */
export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;

function hookFaults(hook: Hook, kind: string, i: number): Finding[] {
  const pointer = `/hooks/${kind}/${i}`;
  const found: Finding[] = [];
  if (!hook.path.startsWith("/")) {
    const message = `hooks.${kind}[${i}].path must be absolute (got ${JSON.stringify(hook.path)})`;
    found.push(fault(`${pointer}/path`, message, HOOKS_REF));
  }
  if (hook.timeout !== undefined && hook.timeout <= 0) {
    const message = `hooks.${kind}[${i}].timeout must be above 0 (got ${hook.timeout})`;
    found.push(fault(`${pointer}/timeout`, message, HOOKS_REF));
  }
  return found;
}

/** Paths are absolute, timeouts are above zero. */
export function hooks(spec: Spec): readonly Finding[] {
  const all = spec.hooks;
  if (all === undefined) return NONE;
  return HOOK_KINDS.flatMap((kind) => (all[kind] ?? []).flatMap((hook, i) => hookFaults(hook, kind, i)));
}
