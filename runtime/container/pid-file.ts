import { port } from "../host/port.ts";
import { O_CREAT, O_TRUNC, O_WRONLY } from "../linux/flags.ts";

/** Writes the pid, without newline, under another name first: a reader never sees half of it. */
export function writePidFile(path: string, pid: number): void {
  const slash = path.lastIndexOf("/") + 1;
  const temporary = `${path.slice(0, slash)}.${path.slice(slash)}`;
  port().writeFile(temporary, `${pid}`, O_WRONLY | O_CREAT | O_TRUNC, 0o644);
  port().rename(temporary, path);
}
