/** The real init walks a hand-made plan in real namespaces: no TypeScript of the runtime takes part. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileNative } from "../support/compile.ts";
import { ROOT } from "../support/paths.ts";

const INIT = join(ROOT, "dist", "init");
const BUSYBOX = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
const missing = [
  [process.getuid?.() === 0, "not root"],
  [BUSYBOX !== undefined, "busybox is not installed"],
  [existsSync(INIT), "dist/init has not been built"],
  [spawnSync("unshare", ["-mpu", "true"]).status === 0, "namespaces can't be made here"],
].find(([there]) => !there)?.[1];
if (missing) console.warn(`test/native/init: skipped: ${missing}`);
const userNamespaces = !missing && spawnSync("unshare", ["-Ur", "true"]).status === 0;
if (!missing && !userNamespaces) console.warn("test/native/init: user namespaces skipped: they can't be made here");

let program = "";
let folder = "";
const rootfs = () => join(folder, "rootfs");

beforeAll(async () => {
  if (missing) return;
  program = await compileNative({
    name: "smoke",
    sources: ["addon/test/smoke.cc", "addon/test/smoke-plan.cc"],
    headers: ["addon/init", "addon/generated", "addon/test"],
    flags: [],
  });
  folder = mkdtempSync(join(tmpdir(), "tsrun-init-"));
  chmodSync(folder, 0o755);
  for (const path of ["bin", "etc", "tmp/kept", "proc", "sys", "dev", "shared"])
    mkdirSync(join(rootfs(), path), { recursive: true });
  chmodSync(join(rootfs(), "tmp/kept"), 0o751);
  copyFileSync(BUSYBOX as string, join(rootfs(), "bin/busybox"));
  for (const name of ["sh", "cat", "id", "hostname", "stat", "ls", "grep", "touch"])
    symlinkSync("busybox", join(rootfs(), "bin", name));
  writeFileSync(join(rootfs(), "shared/file"), "hello\n");
  writeFileSync(join(rootfs(), "etc/passwd"), "root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n");
}, 120_000);

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Lines of the messages, the weighing and the program, the last being its status. */
function walk(words: readonly string[], command: readonly string[]): string[] {
  const done = spawnSync(program, [INIT, rootfs(), ...words, "--", ...command], { encoding: "utf8", timeout: 20_000 });
  return `${done.stdout}${done.stderr}`.trim().split("\n");
}

/** What the program says of its container; each line is one fact. */
const REPORT = `
echo "uid $(id -u) gid $(id -g) groups $(id -G)"
echo "host $(hostname) pid $$ session $(cut -d' ' -f6 /proc/self/stat)"
echo "cwd $PWD home $HOME umask $(umask) A $A"
echo "bound $(cat /etc/bound) kept $(stat -c %a /tmp/kept)"
echo "masked $(cat /proc/timer_list | wc -c) $(ls /sys/firmware | wc -l)"
for path in / /proc/sys /data/made/here /sys; do touch $path/x 2>/dev/null && echo "written $path"; done
grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|SigIgn|SigBlk' /proc/self/status
echo "open $(ls /proc/self/fd | wc -l)"
exit 7`;
const FACTS = [
  "uid 1000 gid 1000 groups 1000 7 8",
  "host smoke pid 1 session 1",
  "cwd /work/dir home /home/u umask 0027 A b",
  "bound hello kept 751",
  "masked 0 0",
  ...["Inh", "Prm", "Eff", "Bnd", "Amb"].map((set) => `Cap${set}:\t0000000000000020`),
  "SigBlk:\t0000000000000000",
  "SigIgn:\t0000000000000000",
  "NoNewPrivs:\t1",
  "open 4",
  "status 7",
];

const facts = (lines: readonly string[]) => lines.filter((line) => !/^(reached|cloned|waiting) /.test(line)).sort();
const sorted = [...FACTS].sort();

/** Calls that an old kernel lacks (38, ENOSYS) or a seccomp profile denies (1, EPERM). */
const DENIED = [
  "openat2:38",
  "openat2:1",
  "open_tree:38",
  "open_tree:1",
  "move_mount:38",
  "fsopen:38",
  "fsmount:1",
  "mount_setattr:38",
  "mount_setattr:1",
  "clone3:38",
  "clone3:1",
  "close_range:38",
  "close_range:1",
  "faccessat2:38",
  "openat2,open_tree,move_mount,fsopen,mount_setattr,clone3,close_range,faccessat2:38",
];

(missing ? describe.skip : describe)("the real init", () => {
  test("is small and static, and holds little while it waits", () => {
    expect(statSync(INIT).size).toBeLessThan(64 * 1024);
    expect(execFileSync("readelf", ["-lW", INIT], { encoding: "utf8" })).not.toMatch(/INTERP|DYNAMIC|RWE/);
    const lines = walk([], ["busybox", "true"]);
    const resident = Number(lines.find((line) => line.startsWith("waiting VmRSS"))?.match(/\d+/)?.[0]);
    expect(resident).toBeGreaterThan(0);
    expect(resident).toBeLessThan(128);
    expect(lines).toContain("waiting exe /memfd:smoke (deleted)");
  });

  test.each([[[]], [["launcher"]], [["hook"]], [["nopivot"]]])("walks a whole plan %j", (words) => {
    expect(facts(walk(words, ["busybox", "sh", "-c", REPORT]))).toEqual(sorted);
  });

  (userNamespaces ? test.each : test.skip.each)([
    [["user"]],
    [["user", "launcher", "hook"]],
    [["user", "deny=openat2,mount_setattr:1"]],
  ])("walks a whole plan in a user namespace %j", (words) => {
    expect(facts(walk(words, ["busybox", "sh", "-c", REPORT]))).toEqual(sorted);
  });

  test.each(DENIED)("does the same without %s", (calls) => {
    expect(facts(walk([`deny=${calls}`], ["busybox", "sh", "-c", REPORT]))).toEqual(sorted);
  });

  test("says which program is missing or can't be executed", () => {
    expect(walk([], ["none"]).slice(-2)).toEqual([
      expect.stringMatching(/^fault step \d+ operation 53 errno 2 $/),
      "status 1",
    ]);
    expect(walk([], ["/etc/passwd"]).slice(-2)).toEqual([
      expect.stringMatching(/^fault step \d+ operation 44 errno 13 $/),
      "status 1",
    ]);
  });

  test("its own image, run by the container, does nothing (CVE-2019-5736)", () => {
    expect(walk([], ["/proc/self/exe"]).at(-1)).toBe("status 2");
    expect(walk([], ["/proc/self/exe", "3", "3"]).at(-1)).toBe("status 1");
  });
});
