/** linux.seccomp as the step that loads it (config-linux.md#seccomp), and where that step may stand. */
import { RuntimeError } from "../errors.ts";
import type { ArchitectureName } from "../seccomp/architectures.ts";
import { compileSeccomp } from "../seccomp/compile.ts";
import { checkNeededCalls, type NeededCall } from "../seccomp/needed.ts";
import { syscallTables } from "../seccomp/syscalls.ts";
import { TABLES as ARM } from "../seccomp/tables/arm.ts";
import { ELSEWHERE } from "../seccomp/tables/elsewhere.ts";
import { TABLES as X86 } from "../seccomp/tables/x86.ts";
import type { Seccomp } from "../spec/generated/types.ts";
import type { Step } from "./generated/step.ts";
import type { PlanWarning } from "./plan.ts";

/** The architecture that seccomp calls by this name, for what uname(2) calls the machine. */
const NATIVE: Readonly<{ [machine: string]: ArchitectureName }> = {
  x86_64: "SCMP_ARCH_X86_64",
  aarch64: "SCMP_ARCH_AARCH64",
};
const TABLES = syscallTables([X86, ARM], ELSEWHERE);
const POINTER = "/linux/seccomp";

/** Architectures whose calls a filter can name here. */
export const SECCOMP_ARCHITECTURES = [...Object.keys(X86), ...Object.keys(ARM)];
/** Words that are known and refused, or without effect, until notification is there. */
export const NOT_YET: ReadonlySet<string> = new Set(["SCMP_ACT_NOTIFY", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]);

const named = (names: string): NeededCall[] => names.split(" ").map((name) => ({ name }));
/** What init still calls under a filter that it loads last. */
const LATE = named("close close_range execve exit_group prlimit64 write");
/** What it calls besides where the filter comes before the capabilities are dropped. */
const EARLY = named("capget capset prctl read sendto umask");
/** What a hook in the container takes. */
const HOOK = named("clone3 close dup3 execve fcntl lseek pipe2 ppoll prctl read setpgid wait4");

export interface SeccompRequest {
  readonly seccomp: Seccomp | undefined;
  readonly machine: string;
  readonly noNewPrivileges: boolean;
  /** Whether startContainer hooks run under the filter. */
  readonly hooks: boolean;
  readonly warnings: PlanWarning[];
}

/**
 * The steps that load the filter: with noNewPrivileges as late as may be, just before the program; without, while init
 * still holds CAP_SYS_ADMIN. Throws for a profile that is wrong, and for one under which init could not go on.
 */
export function seccompSteps(request: SeccompRequest): { readonly early: Step[]; readonly late: Step[] } {
  const { seccomp, machine, noNewPrivileges, hooks, warnings } = request;
  if (seccomp === undefined) return { early: [], late: [] };
  const native = NATIVE[machine];
  if (native === undefined) {
    throw new RuntimeError("E_HOST_UNSUPPORTED", `seccomp: not known on ${machine}`, { pointer: POINTER });
  }
  const options = { native, tables: TABLES };
  const compiled = compileSeccomp(seccomp, options);
  if (compiled.notify) {
    throw new RuntimeError("E_CONFIG_UNSUPPORTED", "seccomp notification is not supported by this version", {
      pointer: POINTER,
    });
  }
  checkNeededCalls(seccomp, [...LATE, ...(noNewPrivileges ? [] : EARLY), ...(hooks ? HOOK : [])], options);
  for (const message of compiled.warnings) warnings.push({ message: withoutPointer(message), pointer: POINTER });
  const { program: filter, flags } = compiled;
  const steps: Step[] = [{ step: "loadSeccomp", by: "init", from: POINTER, filter, flags }];
  return noNewPrivileges ? { early: [], late: steps } : { early: steps, late: [] };
}

function withoutPointer(message: string): string {
  return message.replace(/ \(config\.json [^)]*\)$/, "");
}
