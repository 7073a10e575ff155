/** Documents that come on standard input. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { EAGAIN } from "../linux/errno.ts";

const STDIN = 0;
const CHUNK = 65_536;
const LIMIT = 16 * 1024 * 1024;

/**
 * A path under which all that comes on standard input can be opened, be that a pipe, a socket or a terminal. It is gone
 * with this process. Throws E_CONFIG_SYNTAX beyond 16 MiB.
 */
export async function spoolStdin(): Promise<string> {
  const spool = port().memfd("tsrun-stdin");
  let size = 0;
  for (;;) {
    const bytes = await nextBytes();
    if (bytes.length === 0) return `/proc/self/fd/${spool}`;
    size += bytes.length;
    if (size > LIMIT) throw new RuntimeError("E_CONFIG_SYNTAX", "standard input: larger than 16 MiB");
    for (let done = 0; done < bytes.length; ) done += port().write(spool, bytes.subarray(done));
  }
}

async function nextBytes(): Promise<Uint8Array> {
  for (;;) {
    try {
      return port().read(STDIN, CHUNK);
    } catch (error) {
      if (!isSystemError(error, EAGAIN)) throw error;
      await port().wait(STDIN, "read");
    }
  }
}
