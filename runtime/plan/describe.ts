/** Every step says itself: the line of `tsrun plan`, of traces, and the head of error messages. */
import { CAPABILITIES } from "../linux/capabilities.ts";
import { MS_BIND, S_IFBLK, S_IFIFO } from "../linux/flags.ts";
import { memoryPolicyName } from "../linux/memory-policy.ts";
import { NAMESPACES } from "../linux/namespaces.ts";
import { RLIMITS } from "../linux/rlimits.ts";
import { IO_CLASSES, PERSONALITIES, SCHED_FLAGS, SCHED_POLICIES } from "../linux/scheduling.ts";
import type { SetSchedulerStep, Step, StepName } from "./generated/step.ts";
import { attributeNames, flagNames, propagationName } from "./mount-names.ts";

type Describers = { readonly [Name in StepName]: (step: Extract<Step, { step: Name }>) => string };

const CAPABILITY_NAMES = Object.keys(CAPABILITIES);
const RLIMIT_NAMES = Object.fromEntries(Object.entries(RLIMITS).map(([name, number]) => [number, name]));
const ALL_CAPABILITIES = (1n << BigInt(CAPABILITY_NAMES.length)) - 1n;

const DESCRIBE: Describers = {
  saveState: ({ status }) => `save state ${status}`,
  makeCgroup: ({ path }) => `make cgroup ${path}`,
  writeCgroup: ({ file, value }) => `write ${printable(value)} to ${file}`,
  attachDevices: ({ path, program }) => `attach device program of ${program.length / 8} instructions to cgroup ${path}`,
  clone: ({ namespaces, cgroup, launcher }) =>
    `clone ${launcher ? "launcher" : "init"}${withNamespaces(namespaces)}${cgroup && ` into cgroup ${cgroup}`}`,
  writeIdMaps: ({ uidMap, gidMap }) => `write id maps uid ${printable(uidMap)} gid ${printable(gidMap)}`,
  setOomScoreAdj: ({ value }) => `set oom score adjustment ${value}`,
  moveNetDevice: ({ device, name }) => `move network device ${printable(device)} in as ${printable(name)}`,
  makeResctrl: ({ path, existing, schemata }) =>
    `${existing === "need" ? "find" : "make"} resctrl group ${path}${list(schemata)}`,
  joinResctrl: ({ file }) => `write pid to ${file}`,
  setScheduler: (step) => `set scheduler ${schedulerText(step)}`,
  setIoPriority: ({ ioClass, priority }) => `set i/o priority ${nameOf(IO_CLASSES, ioClass)} ${priority}`,
  joinCgroup: ({ path }) => `join cgroup ${path}`,
  joinNamespace: ({ flags, path }) => `join ${namespaceNames(flags)} namespace ${path}`,
  setAffinity: ({ list }) => `run on cpus ${list}`,
  openProc: () => "open the host's procfs",
  setTimeOffsets: ({ offsets }) => `set time offsets ${offsets.trimEnd().replaceAll("\n", ", ")}`,
  cloneInit: ({ namespaces }) => `clone init${withNamespaces(namespaces)}`,
  unshareNamespace: ({ flags }) => `unshare ${namespaceNames(flags)} namespace`,
  becomeRoot: ({ uid, gid }) =>
    uid + gid === 0 ? "become root of the user namespace" : `become ${uid}:${gid} of the user namespace`,
  newSession: () => "start a new session",
  joinKeyring: ({ name, label }) => `join session keyring ${name}${label && ` labelled ${printable(label)}`}`,
  setPropagation: ({ flags }) => `make / ${propagationName(flags)}`,
  openRoot: ({ path }) => `open root filesystem ${path}`,
  mount: (step) =>
    `mount ${step.type} on ${step.target}${list([...(step.copyUp ? ["tmpcopyup"] : []), ...step.options, ...attributeNames(step.attrSet, 0), ...attributeNames(step.recursiveSet, step.recursiveClear, true), ...step.propagation.map(propagationName), ...(step.idMap === "" ? [] : [step.idMap])])}`,
  bind: (step) =>
    `${step.recursive ? "rbind" : "bind"} ${step.source} on ${step.target}${list([...(step.sourceNofollow ? ["src-nofollow"] : []), ...(step.targetNofollow ? ["dest-nofollow"] : []), ...attributeNames(step.attrSet, step.attrClear), ...attributeNames(step.recursiveSet, step.recursiveClear, true), ...step.propagation.map(propagationName), ...(step.idMap === "" ? [] : [step.idMap])])}`,
  remount: ({ target, flags, data, recursiveSet, recursiveClear, propagation }) =>
    `remount ${target}${list([...(flags & MS_BIND ? ["bind"] : []), ...flagNames(flags), ...(data === "" ? [] : [data]), ...attributeNames(recursiveSet, recursiveClear, true), ...propagation.map(propagationName)])}`,
  makeDevice: ({ path, type, major, minor, mode, uid, gid }) =>
    `make device ${path} ${type === S_IFIFO ? "p" : `${type === S_IFBLK ? "b" : "c"} ${major}:${minor}`} mode ${octal(mode)} owner ${uid}:${gid}`,
  symlink: ({ path, target }) => `link ${path} to ${target}`,
  setSysctl: ({ file, value }) => `set sysctl ${file} to ${printable(value)}`,
  pivotRoot: () => "pivot root",
  chroot: () => "change root",
  mask: ({ path }) => `mask ${path}`,
  labelFile: ({ path, label }) => `label ${path} ${printable(label)}`,
  makeReadonly: ({ path }) => `make ${path} read-only`,
  makeRootReadonly: () => "make / read-only",
  setHostname: ({ name }) => `set hostname ${printable(name)}`,
  setDomainname: ({ name }) => `set domainname ${printable(name)}`,
  setLinkUp: ({ name }) => `set network device ${name} up`,
  openConsole: ({ uid, rows, columns }) =>
    `open terminal${rows + columns > 0 ? ` of ${rows} rows and ${columns} columns` : ""} for uid ${uid}`,
  bindConsole: () => "bind terminal on /dev/console",
  sendConsole: ({ path }) => `send terminal to ${path === "" ? "the caller" : `console socket ${path}`}`,
  useConsole: () => "make terminal the standard input, output and error",
  setRlimit: ({ resource, soft, hard }) =>
    `set ${RLIMIT_NAMES[resource] ?? `limit ${resource}`} to ${limit(soft)}:${limit(hard)}`,
  findHome: ({ uid }) => `find home of uid ${uid}`,
  setUmask: ({ mask }) => `set umask ${octal(mask)}`,
  setBounding: ({ bounding }) => `keep bounding capabilities ${capabilities(bounding)}`,
  setIds: ({ uid, gid, groups }) =>
    `set uid ${uid} gid ${gid}${groups.length > 0 ? ` groups ${groups.join(",")}` : ""}`,
  setCwd: ({ path, create }) => `${create ? "make and enter" : "enter"} ${path}`,
  findProgram: ({ name, search }) =>
    name.includes("/") ? `find program ${printable(name)}` : `find program ${printable(name)} in ${search.join(":")}`,
  setNoNewPrivileges: () => "allow no new privileges",
  loadSeccomp: ({ filter }) => `load seccomp filter of ${filter.length / 8} instructions`,
  setCapabilities: ({ effective, permitted, inheritable, ambient }) =>
    `set capabilities effective ${capabilities(effective)} permitted ${capabilities(permitted)} inheritable ${capabilities(inheritable)} ambient ${capabilities(ambient)}`,
  setPersonality: ({ persona }) => `set personality ${nameOf(PERSONALITIES, persona)}`,
  setMemoryPolicy: ({ mode, list }) => `set memory policy ${memoryPolicyName(mode)}${list && ` on nodes ${list}`}`,
  writeAttribute: ({ attribute, value }) => `write ${printable(value)} to attr/${attribute}`,
  runHook: ({ kind, path, timeout }) => `run ${kind} hook ${path}${timeout > 0 ? ` for at most ${timeout} s` : ""}`,
  awaitStart: () => "wait for start",
  exec: ({ args }) => `execute ${args.map(printable).join(" ")}`,
};

/** One readable line for a step, without its pointer. */
export function describe(step: Step): string {
  // The table is indexed by the step's own name: the types agree, which the compiler can't follow.
  return (DESCRIBE[step.step] as (step: Step) => string)(step);
}

function list(words: readonly string[]): string {
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

function nameOf(table: Readonly<Record<string, number>>, number: number): string {
  return Object.entries(table).find(([, value]) => value === number)?.[0] ?? `${number}`;
}

function schedulerText(step: SetSchedulerStep): string {
  const { policy, nice, priority, flags, runtime, deadline, period } = step;
  const named = Object.entries(SCHED_FLAGS).filter(([, bit]) => (flags & BigInt(bit)) !== 0n);
  const times = deadline === 0n ? "" : ` ${runtime}/${deadline}/${period} ns`;
  const numbers = `${nice === 0 ? "" : ` nice ${nice}`}${priority === 0 ? "" : ` priority ${priority}`}${times}`;
  return `${nameOf(SCHED_POLICIES, policy)}${numbers}${list(named.map(([name]) => name))}`;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

function limit(value: bigint): string {
  return value === 0xffff_ffff_ffff_ffffn ? "unlimited" : `${value}`;
}

/** Bare when it is plain text, else quoted, so that a line stays a line. */
function printable(text: string): string {
  return /^[^\s"'\\\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

function namespaceNames(flags: number): string {
  return Object.entries(NAMESPACES)
    .filter(([, { flag }]) => (flags & flag) !== 0)
    .map(([name]) => name)
    .join(", ");
}

function withNamespaces(flags: number): string {
  return flags === 0 ? "" : ` with new ${namespaceNames(flags)} namespaces`;
}

function capabilities(set: bigint): string {
  if ((set & ALL_CAPABILITIES) === ALL_CAPABILITIES) return "all";
  const names = CAPABILITY_NAMES.filter((_, number) => (set & (1n << BigInt(number))) !== 0n);
  return names.length === 0 ? "none" : names.map((name) => name.slice("CAP_".length).toLowerCase()).join(",");
}
