/** Groups of resctrl: made, compared, joined and removed (config-linux.md#intelrdt). */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port, type SystemError } from "../host/port.ts";
import { EEXIST, ENOENT, errnoName, errnoText } from "../linux/errno.ts";
import { O_WRONLY } from "../linux/flags.ts";
import type { JoinResctrlStep, MakeResctrlStep } from "../plan/generated/step.ts";
import { firstDifference } from "./schemata.ts";

const MODE = 0o755;
const MAX_BYTES = 1 << 20;
const SPEC_REF = "config-linux.md#intelrdt";

/** Takes the step: makes the group and writes its schemata, or finds it as it must be. Throws E_RESCTRL. */
export function makeResctrl(step: MakeResctrlStep): void {
  if (step.existing === "need") requireGroup(step);
  else if (!isMade(step)) compare(step);
  else if (step.schemata.length > 0) writeSchemata(step);
}

/** False when the group is there already, and may be. */
function isMade({ path, existing, status, from }: MakeResctrlStep): boolean {
  try {
    port().mkdir(path, MODE);
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.errno === EEXIST && existing === "compare") return false;
    const reason = error.errno === EEXIST ? "it is there already" : said(error, status);
    throw failure(`make resctrl group ${path}: ${reason}`, from, error);
  }
}

/** Writes lines to the schemata file of a group; `status` is where the kernel says why not. Throws E_RESCTRL. */
export function writeSchemata({
  path,
  schemata,
  status,
  from,
}: Pick<MakeResctrlStep, "path" | "schemata" | "status" | "from">): void {
  try {
    port().writeFile(`${path}/schemata`, schemata.map((line) => `${line}\n`).join(""), O_WRONLY);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw failure(`write ${schemata.join(", ")} to ${path}/schemata: ${said(error, status)}`, from, error);
  }
}

/** Puts a process into a group. Throws E_RESCTRL. */
export function joinResctrl({ file, from }: JoinResctrlStep, pid: number): void {
  try {
    port().writeFile(file, `${pid}`, O_WRONLY);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw failure(`write pid to ${file}: ${errnoText(error.errno)}`, from, error);
  }
}

/** Whether there is such a group. */
export function hasGroup(path: string): boolean {
  try {
    port().stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, ENOENT)) return false;
    throw error;
  }
}

/** Removes groups, those within others first; their processes go back to where the groups came from. */
export function removeGroups(paths: readonly string[]): void {
  for (const path of [...paths].sort((one, other) => other.length - one.length)) {
    try {
      port().rmdir(path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.errno === ENOENT) continue;
      throw failure(`remove resctrl group ${path}: ${errnoText(error.errno)}`, "/linux/intelRdt", error);
    }
  }
}

/** Of these groups, those without a process: another container may have come to share one. */
export function emptyGroups(paths: readonly string[]): string[] {
  return paths.filter((path) => hasGroup(path) && port().readFile(`${path}/tasks`, MAX_BYTES).trim() === "");
}

function requireGroup({ path, from }: MakeResctrlStep): void {
  if (hasGroup(path)) return;
  throw failure(`resctrl group ${path}: there is none, and no schemata are given to make it with`, from);
}

function compare({ path, schemata, from }: MakeResctrlStep): void {
  const different = firstDifference(schemata, port().readFile(`${path}/schemata`, MAX_BYTES));
  if (different === undefined) return;
  throw failure(`resctrl group ${path}: it is there already, with other schemata than ${different}`, from);
}

/** The errno's text with the kernel's own words, where it had some (`status` is info/last_cmd_status). */
function said(error: SystemError, status: string): string {
  try {
    const words = port().readFile(status, MAX_BYTES).trim();
    return words === "" || words === "ok" ? errnoText(error.errno) : `${errnoText(error.errno)}: ${words}`;
  } catch (unreadable) {
    if (isSystemError(unreadable)) return errnoText(error.errno);
    throw unreadable;
  }
}

function failure(message: string, pointer: string, cause?: SystemError): RuntimeError {
  return new RuntimeError("E_RESCTRL", message, {
    pointer,
    specRef: SPEC_REF,
    syscall: cause?.syscall,
    errno: cause === undefined ? undefined : errnoName(cause.errno),
    cause,
  });
}
