/** What a container's record says about its resctrl groups, and their end. */
import { RuntimeError } from "../errors.ts";
import type { Step } from "../plan/generated/step.ts";
import { emptyGroups, hasGroup, removeGroups, writeSchemata } from "../resctrl/groups.ts";
import { resctrlMount } from "../resctrl/mount.ts";
import type { IntelRdt } from "../spec/generated/types.ts";
import type { Record, ResctrlRecord } from "../state/record.ts";

/** What will have to be removed and joined, told before anything is made; undefined for a plan without groups. */
export function resctrlRecord(steps: readonly Step[]): ResctrlRecord | undefined {
  const groups = steps.flatMap((step) => (step.step === "makeResctrl" ? [step] : []));
  if (groups.length === 0) return undefined;
  const made = groups.filter(({ path, existing }) => existing !== "need" && !hasGroup(path));
  const paths = (lasting: number) => made.filter((group) => group.lasting === lasting).map(({ path }) => path);
  return { own: paths(0), lasting: paths(1), tasks: groups.map(({ path }) => `${path}/tasks`) };
}

/** Limits of cache and memory bandwidth that an update may change. */
export type CacheLimits = Pick<IntelRdt, "l3CacheSchema" | "memBwSchema">;

/** Writes new limits for the class of service of a container. Throws E_STATE_WRONG when it has none, E_RESCTRL. */
export function updateResctrl({ id, resctrl }: Record, { l3CacheSchema = "", memBwSchema = "" }: CacheLimits): void {
  const schemata = [l3CacheSchema, memBwSchema].filter((line) => line !== "");
  if (schemata.length === 0) return;
  const tasks = resctrl?.tasks[0];
  if (tasks === undefined) {
    throw new RuntimeError("E_STATE_WRONG", `container ${id} has no resctrl group: its config has no intelRdt`, {
      pointer: FROM,
    });
  }
  const path = tasks.slice(0, -"/tasks".length);
  writeSchemata({ path, schemata, status: `${resctrlMount()}/info/last_cmd_status`, from: FROM });
}

const FROM = "/linux/intelRdt";

/**
 * Removes the groups of a container. A class of service that the config names outlives it, unless the container was
 * never completed and nobody else is in there.
 */
export function removeResctrl({ resctrl, status }: Record): void {
  if (resctrl === undefined) return;
  removeGroups(resctrl.own);
  if (status === "creating") removeGroups(emptyGroups(resctrl.lasting));
}
