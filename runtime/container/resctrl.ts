/** What a container's record says about its resctrl groups, and their end. */
import type { Step } from "../plan/generated/step.ts";
import { emptyGroups, hasGroup, removeGroups } from "../resctrl/groups.ts";
import type { Record, ResctrlRecord } from "../state/record.ts";

/** What will have to be removed and joined, told before anything is made; undefined for a plan without groups. */
export function resctrlRecord(steps: readonly Step[]): ResctrlRecord | undefined {
  const groups = steps.flatMap((step) => (step.step === "makeResctrl" ? [step] : []));
  if (groups.length === 0) return undefined;
  const made = groups.filter(({ path, existing }) => existing !== "need" && !hasGroup(path));
  const paths = (lasting: number) => made.filter((group) => group.lasting === lasting).map(({ path }) => path);
  return { own: paths(0), lasting: paths(1), tasks: groups.map(({ path }) => `${path}/tasks`) };
}

/**
 * Removes the groups of a container. A class of service that the config names outlives it, unless the container was
 * never completed and nobody else is in there.
 */
export function removeResctrl({ resctrl, status }: Record): void {
  if (resctrl === undefined) return;
  removeGroups(resctrl.own);
  if (status === "creating") removeGroups(emptyGroups(resctrl.lasting));
}
