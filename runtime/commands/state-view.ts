/** How states are printed: keys, order and layout as callers of runc know them. */
import type { ContainerState } from "../container/options.ts";
import { printable } from "../output.ts";

const HEADER = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"];
const LEAST_WIDTH = 12;
const PADDING = 3;

/** The keys of a state in their order; annotations sorted, and left out when there are none. */
function ordered(state: ContainerState): object {
  const { ociVersion, id, pid, status, bundle, rootfs, created, annotations, oomKilled, owner } = state;
  const sorted = Object.entries(annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const notes = sorted.length === 0 ? {} : { annotations: Object.fromEntries(sorted) };
  return { ociVersion, id, pid, status, bundle, rootfs, created, ...notes, ...(oomKilled ? { oomKilled } : {}), owner };
}

/** One state as JSON, with `indent` spaces per level (0: one line). */
export function stateJson(state: ContainerState, indent: number): string {
  return JSON.stringify(ordered(state), null, indent);
}

/** All states as one JSON array on one line. */
export function listJson(states: readonly ContainerState[]): string {
  return JSON.stringify(states.map(ordered));
}

/** The table of `list`: columns at least 12 wide, 3 spaces apart, the last one not padded. */
export function listTable(states: readonly ContainerState[]): string {
  const rows = states.map((one) => [one.id, String(one.pid), one.status, one.bundle, one.created, one.owner]);
  const table = [HEADER, ...rows.map((row) => row.map(printable))];
  const widths = HEADER.map((_, column) =>
    Math.max(LEAST_WIDTH, ...table.map((row) => [...(row[column] ?? "")].length + PADDING)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0))).join("");
  return table.map((row) => `${line(row)}\n`).join("");
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - [...cell].length));
}
