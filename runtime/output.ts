/** Writing text to descriptors that may be pipes, terminals or files. */
import { RuntimeError } from "./errors.ts";
import { isSystemError, port, type SystemError } from "./host/port.ts";
import { EAGAIN, errnoName, errnoText } from "./linux/errno.ts";

const STDOUT = 1;

/** Writes all of `text`, waiting where a pipe is full. A write that fails (EPIPE, ENOSPC) is E_SYSTEM and names `what`. */
export async function writeAll(fd: number, text: string, what: string): Promise<void> {
  let rest = port().encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(port().write(fd, rest));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.errno !== EAGAIN) throw writeError(what, error);
      await port().wait(fd, "write");
    }
  }
}

function writeError(what: string, { syscall, errno }: SystemError): RuntimeError {
  return new RuntimeError("E_SYSTEM", `write ${what}: ${errnoText(errno)}`, { syscall, errno: errnoName(errno) });
}

/** Writes all of `text` to standard output. */
export async function print(text: string): Promise<void> {
  await writeAll(STDOUT, text, "to standard output");
}

/** `text` for a terminal: control characters, which can come from a config or a path, are shown and not obeyed. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
