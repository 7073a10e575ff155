import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { EEXIST } from "../linux/errno.ts";
import { O_CLOEXEC, O_CREAT, O_EXCL, O_WRONLY } from "../linux/flags.ts";
import { writeAll } from "../output.ts";
import { exampleText } from "../spec/example.ts";
import type { Invocation } from "./invocation.ts";

/** `spec`: writes an example config.json into the bundle; one that is there is never overwritten. */
export async function writeSpec({ flags }: Invocation): Promise<number> {
  const path = `${flags.text("bundle") || "."}/config.json`;
  const text = exampleText({ rootless: flags.on("rootless"), uid: port().geteuid(), gid: port().getegid() });
  const fd = openNew(path);
  try {
    await writeAll(fd, text, path);
  } catch (error) {
    port().unlink(path);
    throw error;
  } finally {
    port().close(fd);
  }
  return 0;
}

function openNew(path: string): number {
  try {
    return port().open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666);
  } catch (error) {
    if (!isSystemError(error, EEXIST)) throw error;
    throw new RuntimeError("E_USAGE", `spec: ${path} exists: remove it first`);
  }
}
