/** One line of /proc/PID/mountinfo (proc(5)). */
export interface MountLine {
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
  /** `shared:N`, `master:N`, `unbindable` ... */
  readonly propagation: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

function line(text: string): MountLine {
  const fields = text.split(" ");
  const dash = fields.indexOf("-");
  return {
    root: fields[3] ?? "",
    point: fields[4] ?? "",
    options: (fields[5] ?? "").split(","),
    propagation: fields.slice(6, dash),
    type: fields[dash + 1] ?? "",
    source: fields[dash + 2] ?? "",
    superOptions: (fields[dash + 3] ?? "").split(","),
  };
}

/** The mounts of a mountinfo text in order. */
export function parseMounts(text: string): MountLine[] {
  return text.trimEnd().split("\n").map(line);
}

/** The last mount at `point`: the one that is seen. Throws when there is none. */
export function mountAt(mounts: readonly MountLine[], point: string): MountLine {
  const found = mounts.findLast((mount) => mount.point === point);
  if (found === undefined) throw new Error(`no mount at ${point} among ${mounts.map((m) => m.point).join(" ")}`);
  return found;
}
