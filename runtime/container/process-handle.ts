import { port } from "../host/port.ts";
import type { RunningProcess } from "./options.ts";

/** A child of this process behind its pidfd, with the master of its terminal if there is one. */
export function processHandle(pid: number, pidfd: number, terminal: number | undefined): RunningProcess {
  let open = terminal;
  const hangUp = () => {
    if (open !== undefined) port().close(open);
    open = undefined;
  };
  return {
    pid,
    terminal,
    wait: async () => {
      for (;;) {
        const status = port().waitPidfd(pidfd);
        if (status !== null) return status.exited ?? 128 + (status.signal ?? 0);
        await port().wait(pidfd, "read");
      }
    },
    signal: (signal) => port().pidfdSendSignal(pidfd, signal),
    hangUp,
    close() {
      port().close(pidfd);
      hangUp();
    },
  };
}
