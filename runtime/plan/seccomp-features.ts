/** What `tsrun features` says of seccomp (features-linux.md#seccomp), from the compiler's own tables. */
import { ACTIONS, FLAGS } from "../seccomp/actions.ts";
import { OPERATORS } from "../seccomp/conditions.ts";
import type { SeccompFeatures } from "../spec/generated/types.ts";
import { NOT_YET, SECCOMP_ARCHITECTURES } from "./seccomp.ts";

/** Known is what a config may name, supported what has an effect here. */
export function seccompFeatures(): SeccompFeatures {
  return {
    enabled: true,
    actions: Object.keys(ACTIONS)
      .filter((action) => !NOT_YET.has(action))
      .sort(),
    operators: Object.keys(OPERATORS).sort(),
    archs: [...SECCOMP_ARCHITECTURES].sort(),
    knownFlags: Object.keys(FLAGS).sort(),
    supportedFlags: Object.keys(FLAGS)
      .filter((flag) => !NOT_YET.has(flag))
      .sort(),
  };
}
