/** linux.intelRdt as steps: the class of service, its schemata, a monitoring group (config-linux.md#intelrdt); pure. */
import { RuntimeError } from "../errors.ts";
import type { IntelRdt } from "../spec/generated/types.ts";
import type { JoinResctrlStep, MakeResctrlStep } from "./generated/step.ts";

const AT = "/linux/intelRdt";

export interface ResctrlSection {
  /** Before the clone. */
  readonly steps: readonly MakeResctrlStep[];
  /** Once init exists. */
  readonly joins: readonly JoinResctrlStep[];
}

/** The section of a container's plan. `root` is where resctrl is mounted, "" for nowhere. Throws E_HOST_UNSUPPORTED. */
export function resctrlSection(intelRdt: IntelRdt | undefined, root: string, id: string): ResctrlSection {
  if (intelRdt === undefined) return { steps: [], joins: [] };
  if (root === "") {
    throw new RuntimeError("E_HOST_UNSUPPORTED", "linux.intelRdt: no resctrl is mounted on this host", {
      pointer: AT,
      specRef: "config-linux.md#intelrdt",
    });
  }
  const group = classOfService(intelRdt, root, id);
  const monitoring = monitoringGroup(intelRdt, group, id);
  return {
    steps: [group, ...monitoring],
    joins: joinSteps([group, ...monitoring].map(({ path }) => `${path}/tasks`)),
  };
}

/** A process joins the class of service first, as a monitoring group takes only processes of its own class. */
export function joinSteps(files: readonly string[]): JoinResctrlStep[] {
  return files.map((file) => ({ step: "joinResctrl", by: "parent", from: AT, file }));
}

function classOfService(intelRdt: IntelRdt, root: string, id: string): MakeResctrlStep {
  const { closID = "", l3CacheSchema = "", memBwSchema = "", schemata: more = [] } = intelRdt;
  const schemata = [l3CacheSchema, memBwSchema, ...more].filter((line) => line !== "");
  const given = closID !== "";
  const whenGiven = schemata.length > 0 ? "compare" : "need";
  return {
    ...base(root),
    from: given && schemata.length === 0 ? `${AT}/closID` : AT,
    path: closID === "/" ? root : `${root}/${given ? closID : id}`,
    existing: given ? whenGiven : "refuse",
    lasting: Number(given),
    schemata,
  };
}

function monitoringGroup({ enableMonitoring }: IntelRdt, group: MakeResctrlStep, id: string): MakeResctrlStep[] {
  if (enableMonitoring !== true) return [];
  const path = `${group.path}/mon_groups/${id}`;
  const from = `${AT}/enableMonitoring`;
  return [{ ...group, from, path, existing: "refuse", lasting: 0, schemata: [] }];
}

function base(root: string): Pick<MakeResctrlStep, "step" | "by" | "status"> {
  return { step: "makeResctrl", by: "parent", status: `${root}/info/last_cmd_status` };
}
