// npm run demo: installs what is missing, builds, makes a busybox bundle, shows its plan, runs it. Needs root to run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installSystem } from "./install.mjs";
import { ROOT, runScript, TSRUN } from "./suites.mjs";

const VIEW = `#!/bin/sh
echo "hostname    $(hostname)"
echo "pid 1       $(cat /proc/1/comm), $(readlink /proc/1/exe)"
echo "user        $(id -u):$(id -g), no new privileges: $(grep NoNewPrivs /proc/self/status | cut -f2)"
echo "network     $(ls /sys/class/net | tr '\\n' ' ')"
echo "mounts"
awk '{ print "            " $5, $6 }' /proc/self/mountinfo
echo "open files  $(ulimit -n)"
for f in memory/memory.limit_in_bytes memory.max pids/pids.max pids.max cpu/cpu.cfs_quota_us cpu.max; do
  [ -e /sys/fs/cgroup/$f ] && echo "$f = $(cat /sys/fs/cgroup/$f)"
done
exit 7
`;

function show(title, command, args) {
  console.log(`\n$ ${title}`);
  const done = spawnSync(command, args, { stdio: "inherit" });
  if (done.error) throw done.error;
  return done.status;
}

/** The busybox bundle, with limits to be seen and the script above as its program. */
function prepare(bundle) {
  if (
    show(`node bundles/make.mjs busybox ${bundle}`, process.execPath, [
      join(ROOT, "bundles/make.mjs"),
      "busybox",
      bundle,
    ]) !== 0
  ) {
    throw new Error("the bundle can't be made");
  }
  const path = join(bundle, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.process.args = ["view"];
  writeFileSync(join(bundle, "rootfs/bin/view"), VIEW, { mode: 0o755 });
  delete config.process.capabilities.ambient;
  config.linux.namespaces.push({ type: "cgroup" });
  config.linux.resources.memory = { limit: 64 * 1024 * 1024 };
  config.linux.resources.pids = { limit: 32 };
  config.linux.resources.cpu = { quota: 50_000, period: 100_000 };
  writeFileSync(path, JSON.stringify(config, undefined, 2));
}

function demo(folder) {
  const bundle = join(folder, "bundle");
  prepare(bundle);
  if (show(`tsrun plan --bundle ${bundle}`, TSRUN, ["plan", "--bundle", bundle]) !== 0) throw new Error("no plan");
  const args = ["--root", join(folder, "state"), "run", "--bundle", bundle, `tsrun-demo-${process.pid}`];
  const status = show(`tsrun run --bundle ${bundle} tsrun-demo`, TSRUN, args);
  console.log(`exit status ${status}`);
  if (status !== 7) throw new Error("the container should have ended with 7");
}

const missing = installSystem(["build", "demo"]);
if (missing.length > 0) process.exit(1);
if (!runScript("build.mjs")) process.exit(1);
if (process.getuid() !== 0) {
  console.error("demo: a container with cgroups needs root: run `npm run demo` as root");
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "tsrun-demo-"));
try {
  demo(folder);
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
