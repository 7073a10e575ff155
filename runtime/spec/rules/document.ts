/** Rules on the document as a whole: version, root, annotations, sections of other systems. */

import { type Finding, fault, NONE, warning } from "../finding.ts";
import type { Spec } from "../generated/types.ts";
import { pointerOf } from "../pointer.ts";

/** Newest minor version of 1.x that tsrun knows. */
const NEWEST_MINOR = 3;
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const VERSION_REF = "config.md#specification-version";

/** Any 1.x is accepted: a minor version adds, but changes nothing. */
export function version(spec: Spec): readonly Finding[] {
  const shown = JSON.stringify(spec.ociVersion);
  const match = SEMVER.exec(spec.ociVersion);
  if (match === null) return [fault("/ociVersion", `ociVersion ${shown} is no semantic version`, VERSION_REF)];
  if (match[1] !== "1") return [fault("/ociVersion", `ociVersion ${shown} is not supported, only 1.x is`, VERSION_REF)];
  if (Number(match[2]) <= NEWEST_MINOR) return NONE;
  const message = `ociVersion ${shown} is newer than 1.${NEWEST_MINOR}: what it adds is not known`;
  return [warning("W_VERSION", "/ociVersion", message, VERSION_REF)];
}

/** On Linux a root is needed. */
export function root(spec: Spec): readonly Finding[] {
  if (spec.root === undefined) return [fault("/root", "root is missing", "config.md#root")];
  return spec.root.path === "" ? [fault("/root/path", "root.path is empty", "config.md#root")] : NONE;
}

/** Annotations have names. */
export function annotations(spec: Spec): readonly Finding[] {
  if (spec.annotations === undefined || !Object.hasOwn(spec.annotations, "")) return NONE;
  return [fault("/annotations/", "an annotation has an empty key", "config.md#annotations")];
}

const FOREIGN_SECTIONS = ["freebsd", "solaris", "vm", "windows", "zos"] as const;

/** Sections and properties that only other systems heed. */
export function foreign(spec: Spec): readonly Finding[] {
  const found: Finding[] = [];
  const ignored = (keys: string[], why: string): void => {
    const ref = "config.md#platform-specific-configuration";
    found.push(warning("W_IGNORED", pointerOf(keys), `${keys.join(".")} is ignored: ${why}`, ref));
  };
  for (const section of FOREIGN_SECTIONS) {
    if (spec[section] === undefined) continue;
    ignored([section], section === "vm" ? "no virtual machine is made" : "it is for another system");
  }
  if (spec.process?.commandLine) ignored(["process", "commandLine"], "it is for Windows");
  if (spec.process?.user?.username) ignored(["process", "user", "username"], "it is for Windows");
  return found;
}
