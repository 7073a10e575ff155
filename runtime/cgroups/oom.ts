/** Hearing of the kernel's out-of-memory killer in a container. */
import { isSystemError, port } from "../host/port.ts";
import { EAGAIN, ENOENT } from "../linux/errno.ts";
import { IN_DELETE_SELF, IN_MODIFY, O_RDONLY, O_WRONLY } from "../linux/flags.ts";
import { oomKills } from "./control.ts";
import { readIfThere } from "./files.ts";
import type { CgroupPaths } from "./types.ts";

const READ_SIZE = 4096;

export interface OomWatch {
  /** Readable when something has happened: then ask `heard`. The caller waits for it. */
  readonly fd: number;
  /** What has happened since the last call; `gone` when the cgroup has been removed or has no more processes. */
  heard(): "oom" | "nothing" | "gone";
  close(): void;
}

/** Begins to watch, or gives null where no memory controller counts for the container. Throws SystemError. */
export function watchOom(paths: CgroupPaths): OomWatch | null {
  const { memory, unified } = paths;
  if (memory !== undefined) return watchV1(memory);
  if (unified === undefined || readIfThere(`${unified}/memory.events`) === undefined) return null;
  return watchV2(unified, paths);
}

/** The kernel raises an eventfd for every OOM, and once more when the cgroup goes (cgroup-v1/memory.rst, 10). */
function watchV1(memory: string): OomWatch | null {
  const fd = port().eventfd();
  try {
    const control = port().open(`${memory}/memory.oom_control`, O_RDONLY);
    try {
      port().writeFile(`${memory}/cgroup.event_control`, `${fd} ${control}`, O_WRONLY);
    } finally {
      port().close(control);
    }
  } catch (error) {
    port().close(fd);
    if (isSystemError(error, ENOENT)) return null;
    throw error;
  }
  const isThere = () => readIfThere(`${memory}/memory.oom_control`) !== undefined;
  return watch(fd, () => (isThere() ? "oom" : "gone"));
}

/** Both files are modified by the kernel (cgroup-v2.rst); what is counted is oom_kill. */
function watchV2(unified: string, paths: CgroupPaths): OomWatch {
  const files = ["memory.events", "cgroup.events"].map((name) => `${unified}/${name}`);
  const fd = port().inotify(files, IN_MODIFY | IN_DELETE_SELF);
  let before = oomKills(paths);
  return watch(fd, () => {
    const now = oomKills(paths);
    const struck = now > before;
    before = now;
    if (struck) return "oom";
    return /^populated 1$/m.test(readIfThere(`${unified}/cgroup.events`) ?? "") ? "nothing" : "gone";
  });
}

function watch(fd: number, judge: () => ReturnType<OomWatch["heard"]>): OomWatch {
  return {
    fd,
    heard() {
      try {
        port().read(fd, READ_SIZE);
      } catch (error) {
        if (isSystemError(error, EAGAIN)) return "nothing";
        throw error;
      }
      return judge();
    },
    close: () => port().close(fd),
  };
}
