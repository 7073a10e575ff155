import { openNotifyProxy } from "../container/notify.ts";
import type { Context } from "../container/options.ts";
import { startContainer } from "../container/start.ts";
import { explain } from "../log.ts";
import { variable } from "./surroundings.ts";

/** Notices on their way to the service manager. */
export interface Notices {
  /** Resolves when the program was ready and the service manager knows it, or when the program has ended. */
  readonly done: Promise<void>;
  /** Passes on no more. */
  close(): void;
}

/** Starts a container; where NOTIFY_SOCKET names a service manager, its program's readiness is passed on to it. */
export async function startWithNotices(context: Context, id: string): Promise<Notices | undefined> {
  const host = variable("NOTIFY_SOCKET");
  const proxy = host === undefined ? undefined : openNotifyProxy(context, id, host);
  try {
    await startContainer(context, id);
  } catch (error) {
    proxy?.close();
    throw error;
  }
  if (proxy === undefined) return undefined;
  let closed = false;
  const done = proxy.relay().catch((error: unknown) => {
    if (!closed) context.onWarning(`notices to ${host}: ${explain(error).msg}`);
  });
  return {
    done,
    close() {
      closed = true;
      proxy.close();
    },
  };
}
