// Installs the system packages that are missing: node scripts/install.mjs [build] [test]. Debian and Ubuntu, as root.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const TRIES = 3;

function inPath(command) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_PATH];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether node-gyp finds the headers of this node beside it; where not, it downloads them, if it can. */
const haveHeaders = () =>
  existsSync(join(dirname(dirname(realpathSync(process.execPath))), "include", "node", "node_version.h"));

/** Debian's own node has its headers in a package of their own; others bring them along. */
const nodeIsDebians = () =>
  spawnSync("dpkg-query", ["-W", "libnode-dev", "libnode*"], { stdio: "ignore" }).status === 0;

/** What is needed for what: a package is there when its probe says so. */
const PACKAGES = [
  { name: "g++", purpose: "build", there: () => inPath("g++") || inPath("c++") },
  { name: "make", purpose: "build", there: () => inPath("make") },
  { name: "python3", purpose: "build", there: () => inPath("python3") },
  { name: "libnode-dev", purpose: "build", there: () => haveHeaders() || !nodeIsDebians() },
  { name: "busybox-static", purpose: "demo", there: () => existsSync("/usr/share/doc/busybox-static") },
  { name: "runc", purpose: "test", there: () => inPath("runc") },
  { name: "crun", purpose: "test", there: () => inPath("crun") },
  { name: "umoci", purpose: "test", there: () => inPath("umoci") },
  { name: "mmdebstrap", purpose: "test", there: () => inPath("mmdebstrap") },
  { name: "iproute2", purpose: "test", there: () => inPath("ip") },
  { name: "util-linux", purpose: "test", there: () => inPath("unshare") && inPath("nsenter") },
  { name: "strace", purpose: "test", there: () => inPath("strace") },
  { name: "docker.io", purpose: "clients", there: () => inPath("dockerd") },
  { name: "containerd", purpose: "clients", there: () => inPath("containerd") },
  { name: "podman", purpose: "clients", there: () => inPath("podman") },
  { name: "conmon", purpose: "clients", there: () => inPath("conmon") },
  { name: "buildah", purpose: "clients", there: () => inPath("buildah") },
  { name: "libseccomp2", purpose: "test", there: () => existsSync("/usr/share/doc/libseccomp2") },
  { name: "golang-go", purpose: "conformance", there: () => inPath("go") },
  ...[
    "golang-github-blang-semver-dev",
    "golang-github-google-uuid-dev",
    "golang-github-hashicorp-go-multierror-dev",
    "golang-github-mrunalp-fileutils-dev",
    "golang-github-opencontainers-selinux-dev",
    "golang-github-opencontainers-specs-dev",
    "golang-github-sirupsen-logrus-dev",
    "golang-github-urfave-cli-dev",
    "golang-gocapability-dev",
    "golang-golang-x-sys-dev",
  ].map((name) => ({ name, purpose: "conformance", there: () => existsSync(`/usr/share/doc/${name}`) })),
];

function apt(args) {
  const options = ["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3", "-qq"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", [...options, ...args], { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
}

/** Runs `act` while maintainer scripts may start no service: the tests start daemons of their own. */
function withoutServices(act) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return act();
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return act();
  } finally {
    rmSync(policy, { force: true });
  }
}

function installWithApt(names) {
  for (let round = 1; round <= TRIES; round += 1) {
    if (round > 1) console.error(`install: trying again (${round} of ${TRIES})`);
    apt(["update"]);
    if (withoutServices(() => apt(["install", "-y", "--no-install-recommends", ...names]))) return true;
  }
  return false;
}

/**
 * Installs what is missing for these purposes (`build`, `demo`, `test`, `clients`, `conformance`).
 * Returns the names of the packages that are still missing, after saying how to get them.
 */
export function installSystem(purposes) {
  const wanted = PACKAGES.filter((one) => purposes.includes(one.purpose));
  const names = wanted.filter((one) => !one.there()).map((one) => one.name);
  if (names.length === 0) return [];
  const advice = `apt-get install -y ${names.join(" ")}`;
  if (!inPath("apt-get")) {
    console.error(`install: this system has no apt-get: install what Debian calls ${names.join(", ")}`);
  } else if (process.getuid() !== 0) {
    console.error(`install: not root, so that packages can't be installed: run \`${advice}\` as root`);
  } else {
    console.log(`install: ${names.join(" ")}`);
    if (!installWithApt(names)) console.error(`install: \`${advice}\` failed: see above`);
  }
  return wanted.filter((one) => !one.there()).map((one) => one.name);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const purposes = process.argv.length > 2 ? process.argv.slice(2) : ["build", "demo", "test"];
  process.exitCode = installSystem(purposes).length === 0 ? 0 : 1;
}
