// The validation programs of opencontainers/runtime-tools, built from Debian's source package with Debian's Go.
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { debianSource } from "../build/debian-source.mjs";
import { at, digestOf } from "../build/digest.mjs";
import { run } from "../build/tools.mjs";
import { installSystem } from "../install.mjs";

const CACHE = join(process.env.TSRUN_CACHE ?? at("dist", "cache"), "conformance");

const SOURCE = {
  source: "golang-github-opencontainers-runtime-tools",
  suite: "trixie",
  archive: "golang-github-opencontainers-runtime-tools_0.9.0.109.ge931285.orig.tar.xz",
  sha256: "203989a1ea98cf2aaced79155bbda09270b20db19b03376dde91ab12e5e6a0fe",
};

/** What the documentation calls that version. */
export const VERSION = "version 0.9.0 and 109 commits (e931285)";

/** Where Debian's packages put Go sources; ours come before them. */
const DEBIAN_GOPATH = "/usr/share/gocode";
const TOOLS = "src/github.com/opencontainers/runtime-tools";
const TAP = "src/github.com/mndrix/tap-go";

/** The archive of a root filesystem beside the programs, as they look for it. */
export const ROOTFS = "rootfs-amd64.tar.gz";
/** What runs inside of the containers. */
export const INSIDE = "runtimetest";

/** The built programs as { folder, names }; builds them when they are not there. Throws a BuildError. */
export function validationPrograms() {
  const tap = at("test", "conformance", "tap", "tap.go");
  const files = [tap, at("scripts", "conformance", "programs.mjs")];
  const folder = join(CACHE, digestOf(files, SOURCE).slice(0, 16));
  if (!existsSync(folder)) build(tap, folder);
  const names = readdirSync(folder).filter((name) => name !== INSIDE && name !== ROOTFS);
  return { folder, names: names.sort() };
}

function build(tap, folder) {
  installSystem(["conformance"]);
  const archive = debianSource(SOURCE, CACHE);
  const work = mkdtempSync(join(CACHE, "build-"));
  try {
    const tools = join(work, TOOLS);
    const out = join(work, "out");
    for (const path of [tools, join(work, TAP), out]) mkdirSync(path, { recursive: true });
    run("tar", ["-xJf", archive, "-C", tools, "--strip-components=1"]);
    cpSync(tap, join(work, TAP, "tap.go"));
    compile(work, tools, out);
    copyFileSync(join(tools, ROOTFS), join(out, ROOTFS));
    renameSync(out, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Static programs, for that one that runs in a container; Go's own cache ends with the work folder. */
function compile(work, tools, out) {
  const env = {
    GO111MODULE: "off",
    GOFLAGS: "",
    GOPATH: `${work}:${DEBIAN_GOPATH}`,
    GOCACHE: join(work, "cache"),
    CGO_ENABLED: "0",
  };
  const flags = ["-trimpath", "-ldflags", "-s -w", "-o", `${out}/`];
  run("go", ["build", ...flags, "./validation/...", `./cmd/${INSIDE}`], { cwd: tools, env });
}
