import { port } from "../host/port.ts";
import type { RunningProcess } from "./options.ts";

/** A child of this process behind its pidfd. */
export function processHandle(pid: number, pidfd: number): RunningProcess {
  return {
    pid,
    wait: async () => {
      for (;;) {
        const status = port().waitPidfd(pidfd);
        if (status !== null) return status.exited ?? 128 + (status.signal ?? 0);
        await port().wait(pidfd, "read");
      }
    },
    signal: (signal) => port().pidfdSendSignal(pidfd, signal),
    close: () => port().close(pidfd),
  };
}
