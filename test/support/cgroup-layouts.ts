/** Layouts of hosts as plain data, and plans over them as lines to read. */
import type { CgroupLayout, CgroupTree, Hierarchy } from "../../runtime/cgroups/layout.ts";
import { planCgroups } from "../../runtime/cgroups/plan.ts";
import type { CgroupPlan, CgroupRequest, Resources } from "../../runtime/cgroups/types.ts";
import { RuntimeError } from "../../runtime/errors.ts";

function hierarchy(name: string, writable: boolean): Hierarchy {
  const controllers = name === "systemd" ? ["name=systemd"] : name.split(",");
  return { name, mountpoint: `/cg/${name}`, root: "/", own: "/", controllers, mountOptions: controllers, writable };
}

function unified(mountpoint: string, controllers: string[]): CgroupTree {
  return { mountpoint, root: "/", own: "/user.slice/session.scope", controllers, writable: true };
}

const V1 = ["cpuset", "cpu,cpuacct", "memory", "devices", "pids", "blkio", "freezer", "systemd"];

/** A v1 host, with more or other hierarchies where given; a name with `!` is read-only. */
export function v1Host(names: readonly string[] = [...V1, "hugetlb", "net_cls,net_prio", "rdma"]): CgroupLayout {
  const hierarchies = names.map((name) => hierarchy(name.replace("!", ""), !name.includes("!")));
  return { mode: "v1", hierarchies, unified: null };
}

export function hybridHost(): CgroupLayout {
  return { ...v1Host(V1), mode: "hybrid", unified: unified("/cg/unified", ["hugetlb"]) };
}

export function v2Host(controllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma"]): CgroupLayout {
  return { mode: "v2", hierarchies: [], unified: unified("/cg", controllers) };
}

/** A plan for `/tsrun/box`. */
export function planFor(layout: CgroupLayout, resources?: Resources, more: Partial<CgroupRequest> = {}): CgroupPlan {
  return planCgroups({ layout, id: "box", cgroupsPath: "/tsrun/box", resources, ...more });
}

/** The plan as lines: what is made, what is written where and why, what is joined. */
export function lines({ steps, lateSteps, joins, into, warnings }: CgroupPlan): string[] {
  const step = (each: CgroupPlan["steps"][number]): string => {
    if (each.step === "makeCgroup") {
      const { path, inherit, enable, need, freezer } = each;
      const extra = [
        inherit.length > 0 ? `inherit ${inherit.join(" ")}` : "",
        enable.length > 0 ? `enable ${enable.join(" ")}` : "",
        need.length > 0 ? `need ${need.join(" ")}` : "",
        freezer,
      ];
      return ["make", path, ...extra.filter(Boolean)].join(" | ");
    }
    if (each.step === "attachDevices")
      return `attach ${each.program.length / 8} instructions to ${each.path} | ${each.from}`;
    const { file, value, onFailure, otherFile, otherValue, notBelow, from } = each;
    const extra = [
      onFailure,
      otherFile === "" ? "" : `or ${otherFile} = ${otherValue}`,
      notBelow === "" ? "" : `not below ${notBelow}`,
      from,
    ];
    return [`write ${file} = ${value.replaceAll("\n", "; ")}`, ...extra.filter(Boolean)].join(" | ");
  };
  return [
    ...steps.map(step),
    ...joins.map(({ path }) => `join ${path}`),
    ...(into === "" ? [] : [`into ${into}`]),
    ...lateSteps.map((each) => `late ${step(each)}`),
    ...warnings.map(({ message, pointer }) => `warn ${message} | ${pointer}`),
  ];
}

/** The writes of a plan alone, without those of the default device rules. */
export function writes(layout: CgroupLayout, resources: Resources): string[] {
  return lines(planFor(layout, resources)).filter(
    (line) => /^(late )?write|^warn/.test(line) && !line.includes("/devices."),
  );
}

/** Code and line of the error that a plan ends with. */
export function refusal(plan: () => unknown): string {
  try {
    plan();
  } catch (error) {
    if (error instanceof RuntimeError) return `${error.code}: ${error.oneLine}`;
    throw error;
  }
  return "planned";
}
