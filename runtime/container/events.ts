/** What a container uses, and what happens to it. */
import { watchOom } from "../cgroups/oom.ts";
import { type Statistics, statistics } from "../cgroups/statistics.ts";
import { RuntimeError } from "../errors.ts";
import { port } from "../host/port.ts";
import { isAlive } from "../state/process.ts";
import type { Record } from "../state/record.ts";
import { ContainerStore } from "../state/store.ts";
import type { Context } from "./options.ts";
import { statusOf } from "./view.ts";

export type { Statistics } from "../cgroups/statistics.ts";

/** `oom`: the kernel has run out of the container's memory and has killed, or would kill, one of its processes. */
export type ContainerEvent = { readonly type: "oom" } | { readonly type: "stats"; readonly data: Statistics };

/** What the container uses now. Throws E_STATE_WRONG when it is stopped. */
export function containerStatistics(context: Context, id: string): Statistics {
  return statistics(runningRecord(context, id).cgroupPaths);
}

/**
 * Statistics every `interval` microseconds, and OOM events as they come, until the container has ended. Throws
 * E_STATE_WRONG when it is stopped.
 */
export async function* containerEvents(
  context: Context,
  id: string,
  interval: number,
): AsyncGenerator<ContainerEvent, void, undefined> {
  const record = runningRecord(context, id);
  const oom = watchOom(record.cgroupPaths);
  try {
    for (let next = port().monotonic() + interval; ; ) {
      if (oom === null) await port().sleep(next);
      else if (await port().wait(oom.fd, "read", next)) {
        const heard = oom.heard();
        if (heard === "gone") return;
        if (heard === "oom") yield { type: "oom" };
        continue;
      }
      if (!isAlive(record.pid, record.startTime)) return;
      yield { type: "stats", data: statistics(record.cgroupPaths) };
      next += interval;
    }
  } finally {
    oom?.close();
  }
}

function runningRecord(context: Context, id: string): Record {
  const store = new ContainerStore(context.root, id);
  const record = store.require();
  if (statusOf(store, record) !== "stopped") return record;
  throw new RuntimeError("E_STATE_WRONG", `container not running: ${id}`);
}
