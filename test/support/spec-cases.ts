/** What the rule tests share: a configuration to change, shorthands for the changes, and how findings are said. */
import type { Spec } from "../../runtime/spec/generated/types.ts";
import { parseSpec } from "../../runtime/spec/load.ts";
import { checkSpec } from "../../runtime/spec/validate.ts";

export const BASE = {
  ociVersion: "1.3.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["sh"], user: { uid: 0, gid: 0 } },
};

export const ALL = ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type }));

/** A Spec of the right types: what the rules get. */
export function specOf(delta: object): Spec {
  return parseSpec(JSON.stringify({ ...BASE, ...delta })).spec;
}

/** `error|warning POINTER message`, one per finding. */
export function found(delta: object): string[] {
  return checkSpec(specOf(delta)).map(({ severity, pointer, message }) => `${severity} ${pointer} ${message}`);
}

export const linux = (section: object, namespaces: object[] = ALL): object => ({ linux: { namespaces, ...section } });
export const resources = (section: object): object => linux({ resources: section });
export const process = (section: object): object => ({ process: { ...BASE.process, ...section } });
export const mount = (...mounts: object[]): object => ({ mounts, ...linux({}) });
export const seccomp = (section: object): object => linux({ seccomp: { defaultAction: "SCMP_ACT_ALLOW", ...section } });
export const map = (containerID: number, hostID: number, size: number): object => ({ containerID, hostID, size });
export const userns = (uidMappings?: object[], gidMappings = uidMappings): object =>
  linux({ uidMappings, gidMappings }, [...ALL, { type: "user" }]);

export type Row = [delta: object, ...findings: string[]];
