/** `--pidfd-socket`: whoever listens there gets a pidfd of the program, and so never mistakes another for it. */
import { RuntimeError } from "../errors.ts";
import { isSystemError, port } from "../host/port.ts";
import { errnoName, errnoText } from "../linux/errno.ts";

/** Runs `make` with the socket connected before it, so that nothing is begun when nobody listens. */
export async function withPidfdSocket<Result>(
  path: string | undefined,
  make: (announce: (pidfd: number) => void) => Promise<Result>,
): Promise<Result> {
  if (path === undefined || path === "") return await make(() => undefined);
  const socket = named(path, () => port().connectSocket(path));
  try {
    return await make((pidfd) => named(path, () => port().sendDescriptor(socket, pidfd, port().encode("pidfd"))));
  } finally {
    port().close(socket);
  }
}

function named<Result>(path: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const { syscall, errno } = error;
    const details = { syscall, errno: errnoName(errno), cause: error };
    throw new RuntimeError("E_SYSTEM", `pidfd socket ${path}: ${errnoText(errno)}`, details);
  }
}
