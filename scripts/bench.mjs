// `npm run bench [-- --quick] [-- --write=FILE]`: builds, then measures tsrun beside crun and runc.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (file, args, env) => {
  const { status } = spawnSync(file, args, { cwd: root, stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
};

run(process.execPath, ["scripts/build.mjs"], process.env);
// crun 1.8.1 refuses a hybrid host whose v2 tree has controllers: they are mounted as v1, where only the bench sees it.
const prepare = `
if [ "$(stat -fc %T /sys/fs/cgroup)" = tmpfs ] && grep -q ^hugetlb /proc/cgroups && [ ! -e /sys/fs/cgroup/hugetlb ]; then
  mount -t tmpfs -o mode=755 tmpfs /mnt
  for d in /sys/fs/cgroup/*; do mkdir /mnt/\${d##*/}; mount --rbind $d /mnt/\${d##*/}; done
  mkdir /mnt/hugetlb && mount -t cgroup -o hugetlb cgroup /mnt/hugetlb
  mount --move /mnt /sys/fs/cgroup 2>/dev/null || mount --rbind /mnt /sys/fs/cgroup
fi
exec "$@"`;
// It only slows the start of Node.
const { NODE_EXTRA_CA_CERTS: _slow, ...env } = process.env;
const bench = [process.execPath, "dist/js/bench/main.js", ...process.argv.slice(2)];
run("unshare", ["--mount", "--propagation", "private", "sh", "-c", prepare, "sh", ...bench], env);
