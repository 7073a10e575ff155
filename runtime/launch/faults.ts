/** What init reports, as the sentence that the user reads: the plan knows what was being done and for which key. */
import { type ErrorCode, RuntimeError } from "../errors.ts";
import { EACCES, EBUSY, EINVAL, EISDIR, ENOENT, ENOTDIR, EPERM, errnoName, errnoText } from "../linux/errno.ts";
import { signalName } from "../linux/signals.ts";
import { describe } from "../plan/describe.ts";
import type { OPERATIONS, Step, StepName } from "../plan/generated/step.ts";
import type { InitMessage } from "./message.ts";

type Operation = (typeof OPERATIONS)[number];

/** Which code a failing step gives; what is not here is E_PROCESS. */
const CODES: Readonly<{ [Name in StepName]?: ErrorCode }> = {
  joinCgroup: "E_CGROUP",
  clone: "E_NAMESPACE",
  cloneInit: "E_NAMESPACE",
  joinNamespace: "E_NAMESPACE",
  unshareNamespace: "E_NAMESPACE",
  becomeRoot: "E_NAMESPACE",
  setPropagation: "E_ROOTFS",
  openRoot: "E_ROOTFS",
  pivotRoot: "E_ROOTFS",
  chroot: "E_ROOTFS",
  makeRootReadonly: "E_ROOTFS",
  mount: "E_MOUNT",
  bind: "E_MOUNT",
  remount: "E_MOUNT",
  mask: "E_MOUNT",
  makeReadonly: "E_MOUNT",
  makeDevice: "E_DEVICE",
  symlink: "E_DEVICE",
  bindConsole: "E_MOUNT",
  runHook: "E_HOOK_FAILED",
};

/** What an errno of a step means, where the kernel's own words say too little. */
const REASONS: Readonly<{ [Name in StepName]?: Readonly<{ [errno: number]: string }> }> = {
  setAffinity: { [EINVAL]: "none of these CPUs is online and allowed here" },
  setMemoryPolicy: { [EINVAL]: "this kernel does not know the policy, or may not use these nodes here" },
  setIds: {
    [EINVAL]: "an id is not mapped in the user namespace",
    [EPERM]: "the user namespace denies setgroups or these ids",
  },
  writeAttribute: {
    [ENOENT]: "no such profile is loaded",
    [EINVAL]: "the security module does not know it",
  },
  setScheduler: {
    [EPERM]: "real-time policies need CAP_SYS_NICE or RLIMIT_RTPRIO, and on cgroup v1 cpu.realtimeRuntime",
    [EBUSY]: "the CPUs have no bandwidth left for it",
  },
  setIoPriority: { [EPERM]: "the real-time class needs CAP_SYS_NICE or CAP_SYS_ADMIN" },
};

/** Operations that are about the source of a mount rather than its target. */
const SOURCE_OPERATIONS = new Set<Operation>(["open_tree"]);

/** The error of a step that init or the launcher could not take. */
export function faultError(step: Step, message: InitMessage): RuntimeError {
  const details = {
    pointer: step.from,
    phase: step.step,
    syscall: message.operation,
    errno: errnoName(message.error),
  };
  if (step.step === "findProgram" || step.step === "exec") return programError(step, message, details);
  if (step.step === "runHook") return hookError(step, message, details);
  const source = step.step === "bind" && SOURCE_OPERATIONS.has(message.operation) ? `source ${step.source}` : "";
  const reason = reasonOf(step.step, message.error);
  const more = [source, message.detail, reason].filter((text) => text !== "").join(": ");
  const text = `${describe(step)}: ${errnoText(message.error)}${more && `: ${more}`}`;
  return new RuntimeError(CODES[step.step] ?? "E_PROCESS", text, details);
}

/** A word more on why a step failed with this errno, or "". */
export function reasonOf(step: StepName, errno: number): string {
  return REASONS[step]?.[errno] ?? "";
}

/** docker and conmon tell 127 and 126 by these words (executable file not found, no such file, permission denied). */
function programError(step: Step, message: InitMessage, details: object): RuntimeError {
  const name = step.step === "findProgram" ? step.name : step.step === "exec" ? (step.args[0] ?? "") : "";
  const missing = message.error === ENOENT || message.error === ENOTDIR;
  const code = missing ? "E_PROGRAM_MISSING" : "E_PROGRAM_DENIED";
  const inPath = step.step === "findProgram" && !name.includes("/");
  const reason = missing && inPath ? "executable file not found in $PATH" : errnoText(message.error);
  const denied = message.error === EISDIR ? "is a directory: permission denied" : reason;
  const text = message.error === EACCES || message.error === EISDIR ? denied : reason;
  return new RuntimeError(
    code,
    `exec ${JSON.stringify(name)}: ${text}${message.detail && `: ${message.detail}`}`,
    details,
  );
}

const HOOK_TEXT: Readonly<{ [Name in Operation]?: (message: InitMessage) => string }> = {
  hookExit: ({ error }) => `exited with status ${error}`,
  hookSignal: ({ error }) => `killed by ${signalName(error)}`,
  hookTimeout: () => "timed out",
};

function hookError(step: Extract<Step, { step: "runHook" }>, message: InitMessage, details: object): RuntimeError {
  const ended = HOOK_TEXT[message.operation];
  const text = ended === undefined ? errnoText(message.error) : ended(message);
  const output = message.detail && `: ${message.detail}`;
  const errno = ended === undefined ? details : { ...details, errno: undefined };
  return new RuntimeError("E_HOOK_FAILED", `${step.kind} hook ${step.path}: ${text}${output}`, errno);
}
