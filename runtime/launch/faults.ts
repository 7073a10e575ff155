/** What init reports, as the sentence that the user reads: the plan knows what was being done and for which key. */
import { type ErrorCode, RuntimeError } from "../errors.ts";
import { EACCES, EINVAL, EISDIR, ENOENT, ENOTDIR, errnoName, errnoText } from "../linux/errno.ts";
import { signalName } from "../linux/signals.ts";
import { describe } from "../plan/describe.ts";
import type { OPERATIONS, SetIdsStep, Step, StepName } from "../plan/generated/step.ts";
import type { InitMessage } from "./message.ts";
import { reasonOf } from "./reasons.ts";

type Operation = (typeof OPERATIONS)[number];

/** Which code a failing step gives; what is not here is E_PROCESS. */
const CODES: Readonly<{ [Name in StepName]?: ErrorCode }> = {
  joinCgroup: "E_CGROUP",
  clone: "E_NAMESPACE",
  cloneInit: "E_NAMESPACE",
  joinNamespace: "E_NAMESPACE",
  unshareNamespace: "E_NAMESPACE",
  setTimeOffsets: "E_NAMESPACE",
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
  if (step.step === "setIds") return idError(step, message, details);
  const reason = reasonOf(step.step, message.error);
  const more = [source, message.detail, reason].filter((text) => text !== "").join(": ");
  const text = `${describe(step)}: ${errnoText(message.error)}${more && `: ${more}`}`;
  return new RuntimeError(CODES[step.step] ?? "E_PROCESS", text, details);
}

/** Which of the ids it was, and so which property of process.user. */
function idError(step: SetIdsStep, { operation, error }: InitMessage, details: { pointer: string }): RuntimeError {
  const part = ID_PARTS[operation];
  if (part === undefined) return new RuntimeError("E_PROCESS", `${describe(step)}: ${errnoText(error)}`, details);
  const reason = error === EINVAL ? "not mapped in the user namespace" : part.denied;
  const text = `set ${part.what(step)}: ${errnoText(error)}${reason && `: ${reason}`}`;
  return new RuntimeError("E_PROCESS", text, { ...details, pointer: `${details.pointer}/${part.key}` });
}

interface IdPart {
  readonly key: string;
  readonly what: (step: SetIdsStep) => string;
  readonly denied: string;
}

const ID_PARTS: Readonly<{ [Name in Operation]?: IdPart }> = {
  setgroups: {
    key: "additionalGids",
    what: ({ groups }) => `supplementary groups ${groups.join(", ") || "(none)"}`,
    denied: "setgroups is denied in the user namespace",
  },
  setresgid: { key: "gid", what: ({ gid }) => `gid ${gid}`, denied: "" },
  setresuid: { key: "uid", what: ({ uid }) => `uid ${uid}`, denied: "" },
};

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
