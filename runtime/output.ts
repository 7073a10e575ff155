/** Writing text to descriptors that may be pipes, terminals or files. */
import { isSystemError, port } from "./host/port.ts";
import { EAGAIN } from "./linux/errno.ts";

const STDOUT = 1;

/** Writes all of `text`, waiting where a pipe is full. Errors of write(2) (EPIPE, ENOSPC) are thrown as SystemError. */
export async function writeAll(fd: number, text: string): Promise<void> {
  let rest = port().encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(port().write(fd, rest));
    } catch (error) {
      if (!isSystemError(error, EAGAIN)) throw error;
      await port().wait(fd, "write");
    }
  }
}

/** Writes all of `text` to standard output. */
export async function print(text: string): Promise<void> {
  await writeAll(STDOUT, text);
}

/** `text` for a terminal: control characters, which can come from a config or a path, are shown and not obeyed. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
