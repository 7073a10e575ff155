import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { watchOom } from "../../runtime/cgroups/oom.ts";
import { nodePort } from "../../runtime/host/node.ts";
import { port, setPort } from "../../runtime/host/port.ts";

/** Files as those of a v2 cgroup: inotify tells of a change in the same way. */
let unified = "";
beforeEach(() => {
  setPort(nodePort());
  unified = mkdtempSync(join(tmpdir(), "tsrun-oom-"));
  writeFileSync(join(unified, "memory.events"), "low 0\noom 0\noom_kill 2\n");
  writeFileSync(join(unified, "cgroup.events"), "populated 1\nfrozen 0\n");
});
afterEach(() => rmSync(unified, { recursive: true, force: true }));

async function heard(watch: NonNullable<ReturnType<typeof watchOom>>): Promise<string> {
  expect(await port().wait(watch.fd, "read", port().monotonic() + 2e6)).toBe(true);
  return watch.heard();
}

test("v2: kills after the beginning are told, once each; the end of the last process is the end", async () => {
  const watch = watchOom({ unified });
  if (watch === null) throw new Error("no watch");
  try {
    expect(watch.heard()).toBe("nothing");
    appendFileSync(join(unified, "memory.events"), "\n");
    expect(await heard(watch)).toBe("nothing");
    writeFileSync(join(unified, "memory.events"), "low 0\noom 1\noom_kill 3\n");
    expect(await heard(watch)).toBe("oom");
    expect(watch.heard()).toBe("nothing");
    writeFileSync(join(unified, "cgroup.events"), "populated 0\nfrozen 0\n");
    expect(await heard(watch)).toBe("gone");
  } finally {
    watch.close();
  }
});

test("v2: a removed cgroup is gone", async () => {
  const watch = watchOom({ unified });
  if (watch === null) throw new Error("no watch");
  rmSync(unified, { recursive: true });
  expect(await heard(watch)).toBe("gone");
  watch.close();
});

test("nothing to watch without a memory controller", () => {
  expect(watchOom({})).toBeNull();
  expect(watchOom({ pids: "/nowhere" })).toBeNull();
  rmSync(join(unified, "memory.events"));
  expect(watchOom({ unified })).toBeNull();
  expect(watchOom({ memory: unified })).toBeNull();
});
