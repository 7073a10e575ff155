/** The cgroup part of a container's plan: what is made, what is written, what is joined; pure. */
import type { AttachDevicesStep, MakeCgroupStep } from "../plan/generated/step.ts";
import { devicePolicy } from "./device-policy.ts";
import type { Hierarchy } from "./layout.ts";
import { type Places, placeContainer } from "./path.ts";
import type { CgroupPlan, CgroupRequest, CgroupWarning } from "./types.ts";
import { devices } from "./v1/devices.ts";
import { deviceProgram } from "./v2/device-program.ts";
import {
  type Batch,
  controllerWrites,
  directoryOf,
  lacking,
  type Requested,
  type WriteContext,
  writeSteps,
} from "./writes.ts";

const FROM = "/linux/cgroupsPath";
/** Controllers that a container gets on v2 when they are there, asked for or not: its statistics need them. */
const WANTED = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"];

/**
 * Everything that create does with cgroups. Directories are made in every writable hierarchy, then limits are written.
 * A limit whose controller this host lacks is an error; a controller that nobody asked for is not missed.
 */
export function planCgroups(request: CgroupRequest): CgroupPlan {
  const { layout, cgroupsPath, inUserNamespace = false } = request;
  const warnings: CgroupWarning[] = [];
  const places = placeContainer(request);
  const context = { layout, places, resources: request.resources ?? {}, warnings, inUserNamespace };
  const { batches, needed } = requestedWrites(context);
  const from = cgroupsPath === undefined || cgroupsPath === "" ? "" : FROM;
  return {
    steps: [...makeSteps(context, needed, from), ...deviceProgramSteps(context), ...writeSteps(batches, false)],
    lateSteps: writeSteps(batches, true),
    ...joinsOf(pathsOf(places)),
    paths: pathsOf(places),
    warnings,
  };
}

/** The joins of a process that enters the saved directories of a container (create, and later exec). */
export function joinsOf(paths: Readonly<Record<string, string>>): Pick<CgroupPlan, "joins" | "into"> {
  const { unified = "", ...hierarchies } = paths;
  return { joins: [...new Set(Object.values(hierarchies))].map((path) => ({ path: `${path}/tasks` })), into: unified };
}

function pathsOf({ v1, unified }: Places): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const { hierarchy, directory } of v1) {
    for (const controller of hierarchy.controllers) paths[controller] = directory;
  }
  if (unified !== "") paths.unified = unified;
  return paths;
}

function makeSteps({ layout, places }: WriteContext, needed: readonly string[], from: string): MakeCgroupStep[] {
  const steps = places.v1.map(({ hierarchy, directory }) => makeStep(directory, hierarchy, from));
  if (layout.unified === null || places.unified === "") return steps;
  const { mountpoint, controllers } = layout.unified;
  // Beside v1 the tree is left as it is, except for what only it has.
  const wanted = layout.mode === "v2" ? WANTED.filter((name) => controllers.includes(name)) : [];
  const enable = [...new Set([...wanted, ...needed])];
  const base = { step: "makeCgroup", by: "parent", from, path: places.unified, hierarchy: mountpoint } as const;
  return [...steps, { ...base, inherit: [], enable, need: needed, freezer: "cgroup.events" }];
}

function makeStep(path: string, { mountpoint, controllers }: Hierarchy, from: string): MakeCgroupStep {
  // No process can join a cpuset without CPUs or memory nodes, and a new one has none.
  const inherit = controllers.includes("cpuset") ? ["cpuset.cpus", "cpuset.mems"] : [];
  const freezer = controllers.includes("freezer") ? "freezer.state" : "";
  return {
    step: "makeCgroup",
    by: "parent",
    from,
    path,
    hierarchy: mountpoint,
    inherit,
    enable: [],
    need: [],
    freezer,
  };
}

function requestedWrites(context: WriteContext): Requested {
  const { batches, needed } = controllerWrites(context);
  return { batches: [...deviceWrites(context), ...batches], needed };
}

/** Device rules: files on v1. Without them nothing may be denied by the config, since it would not be. */
function deviceWrites(context: WriteContext): Batch[] {
  const { places, resources, warnings, layout, inUserNamespace } = context;
  const directory = directoryOf(places, "devices");
  if (directory !== undefined && !inUserNamespace) {
    return [{ directory, writes: devices(resources, () => {}) }];
  }
  if (layout.mode === "v2" && !inUserNamespace && places.unified !== "") return [];
  const pointer = resources.devices === undefined ? "" : "/linux/resources/devices";
  const { allowByDefault, exceptions } = devicePolicy(resources.devices);
  if (allowByDefault && exceptions.length === 0) return [];
  if (resources.devices === undefined || inUserNamespace) {
    warnings.push({ message: "devices: access is not restricted, as this host offers no way to", pointer });
    return [];
  }
  throw lacking(layout, "devices", pointer);
}

/** Device rules on v2: one program, in force before anybody is in the cgroup. */
function deviceProgramSteps({ places, resources, layout, inUserNamespace }: WriteContext): AttachDevicesStep[] {
  if (layout.mode !== "v2" || inUserNamespace || places.unified === "") return [];
  const policy = devicePolicy(resources.devices);
  if (policy.allowByDefault && policy.exceptions.length === 0) return [];
  const from = resources.devices === undefined ? "/linux" : "/linux/resources/devices";
  return [{ step: "attachDevices", by: "parent", from, path: places.unified, program: deviceProgram(policy) }];
}
