/** Programs of the host that a command needs. */
import { isSystemError, port, type SpawnOptions } from "../host/port.ts";
import { EAGAIN } from "../linux/errno.ts";
import { X_OK } from "../linux/flags.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const CHUNK = 65_536;

/** Absolute path of a program of the caller's PATH, or undefined. Relative entries are left out. */
export function findProgram(name: string): string | undefined {
  const entry = port()
    .environ()
    .find((one) => one.startsWith("PATH="));
  const folders = (entry?.slice("PATH=".length) || DEFAULT_PATH).split(":");
  return folders
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => `${folder}/${name}`)
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    port().access(path, X_OK);
    return true;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** Runs a program to its end: what it wrote to stdout and stderr, and its exit code (128 + signal). */
export async function capture(options: SpawnOptions): Promise<{ output: string; exit: number }> {
  const { pidfd, output } = port().spawn(options);
  try {
    const text = await drain(output);
    for (;;) {
      const status = port().waitPidfd(pidfd);
      if (status !== null) return { output: text, exit: status.exited ?? 128 + (status.signal ?? 0) };
      await port().wait(pidfd, "read");
    }
  } finally {
    port().close(output);
    port().close(pidfd);
  }
}

async function drain(fd: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    await port().wait(fd, "read");
    try {
      const bytes = port().read(fd, CHUNK);
      if (bytes.length === 0) return port().decode(joined(chunks));
      chunks.push(bytes);
    } catch (error) {
      if (!isSystemError(error, EAGAIN)) throw error;
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
