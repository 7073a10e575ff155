/** From resources to writes, controller by controller, for the directories that a container has; pure. */
import { RuntimeError } from "../errors.ts";
import type { WriteCgroupStep } from "../plan/generated/step.ts";
import { CONTROLLERS, type ControllerRow } from "./controllers.ts";
import type { CgroupLayout } from "./layout.ts";
import type { Places } from "./path.ts";
import type { CgroupWarning, CgroupWrite, Resources } from "./types.ts";
import { unifiedWrites } from "./v2/unified.ts";

/** The writes for one directory, before they become steps. */
export interface Batch {
  readonly directory: string;
  readonly writes: readonly CgroupWrite[];
}

export interface Requested {
  readonly batches: readonly Batch[];
  /** v2 controllers without which the batches can't be written. */
  readonly needed: readonly string[];
}

export interface WriteContext {
  readonly layout: CgroupLayout;
  readonly places: Places;
  readonly resources: Resources;
  readonly warnings: CgroupWarning[];
  readonly inUserNamespace: boolean;
}

/** The writes of every controller but devices. A limit whose controller this host lacks is E_HOST_UNSUPPORTED. */
export function controllerWrites(context: WriteContext): Requested {
  const { layout, places, resources } = context;
  const rows = CONTROLLERS.map((row) => rowWrites(context, row));
  const unified = unifiedWrites(resources, layout.unified);
  return {
    batches: [...rows.flatMap(({ batches }) => batches), { directory: places.unified, writes: unified.writes }],
    needed: [...new Set([...rows.flatMap(({ needed }) => needed), ...unified.controllers])],
  };
}

/** One controller's writes: on v1 where it is there, else on v2; where it is nowhere, an error if there are any. */
function rowWrites({ layout, places, resources, warnings }: WriteContext, row: ControllerRow): Requested {
  const warn = (message: string, pointer: string) => warnings.push({ message, pointer });
  const directory = directoryOf(places, row.v1.name);
  if (directory !== undefined) {
    return { batches: [{ directory, writes: row.v1.writes(resources, warn) }], needed: [] };
  }
  const onUnified = places.unified !== "" && layout.unified?.controllers.includes(row.v2.name) === true;
  const { name, writes } = onUnified || layout.mode === "v2" ? row.v2 : row.v1;
  const asked = writes(resources, warn);
  const [first] = asked;
  if (first === undefined) return { batches: [], needed: [] };
  if (onUnified) return { batches: [{ directory: places.unified, writes: asked }], needed: [name] };
  throw lacking(layout, name, first.from);
}

/** The container's directory in the v1 hierarchy of a controller. */
export function directoryOf(places: Places, controller: string): string | undefined {
  return places.v1.find(({ hierarchy }) => hierarchy.controllers.includes(controller))?.directory;
}

/** The error for a limit that no hierarchy of this host can hold. */
export function lacking({ hierarchies, unified }: CgroupLayout, controller: string, pointer: string): RuntimeError {
  const what = pointer.split("/").slice(3).join(" ");
  const readonly = [...hierarchies, ...(unified === null ? [] : [unified])].some(
    (tree) => !tree.writable && tree.controllers.includes(controller),
  );
  const cause = readonly ? "is read-only on this host" : "this host does not have";
  return new RuntimeError("E_HOST_UNSUPPORTED", `${what}: needs the ${controller} controller, which ${cause}`, {
    pointer,
  });
}

/** The steps of the writes that must wait for init (`late`), or of the others. */
export function writeSteps(batches: readonly Batch[], late: boolean): WriteCgroupStep[] {
  return batches.flatMap(({ directory, writes }) =>
    writes.filter((write) => (write.late ?? false) === late).map((write) => writeStep(directory, write)),
  );
}

function writeStep(
  directory: string,
  { file, value, from, onFailure = "", other, notBelow }: CgroupWrite,
): WriteCgroupStep {
  return {
    step: "writeCgroup",
    by: "parent",
    from,
    file: `${directory}/${file}`,
    value,
    onFailure,
    otherFile: other === undefined ? "" : `${directory}/${other.file}`,
    otherValue: other?.value ?? "",
    notBelow: notBelow === undefined ? "" : `${directory}/${notBelow}`,
  };
}
