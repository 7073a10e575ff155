// QuickJS: an installed libquickjs, or the sources that Debian distributes, fetched once and kept.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { at } from "./build/digest.mjs";
import { BuildError, run } from "./build/tools.mjs";

export const VERSION = "2025-04-26";
const ARCHIVE = "quickjs_2025.04.26.orig.tar.xz";
const SHA256 = "ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe";
/** The first Debian that distributes that version. */
const SUITE = "trixie";

const PREFIXES = ["/usr/local", "/usr"];
/** A function that came with the pinned version: older headers lack it, and there is no version to read in them. */
const NEW_FUNCTION = "JS_SetStripInfo";

/**
 * The installed library as { include, library }, or undefined. TSRUN_QUICKJS=source says not to look for it.
 * Whether it can be linked statically with this C library is the caller's to try.
 */
export function installedLibrary() {
  if (process.env.TSRUN_QUICKJS === "source") return undefined;
  for (const prefix of PREFIXES) {
    const include = join(prefix, "include", "quickjs");
    const header = join(include, "quickjs.h");
    if (!existsSync(header) || !readFileSync(header, "utf8").includes(NEW_FUNCTION)) continue;
    const library = libraryFolders(prefix)
      .map((folder) => join(folder, "libquickjs.a"))
      .find(existsSync);
    if (library !== undefined) return { include, library };
  }
  return undefined;
}

function libraryFolders(prefix) {
  const lib = join(prefix, "lib");
  const below = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name, "quickjs")) : [];
  return [join(lib, "quickjs"), lib, ...below];
}

/** The folder of the unpacked sources. Throws a BuildError that says what is missing. */
export function sourceFolder() {
  const folder = at("dist/cache/quickjs", SHA256.slice(0, 16));
  if (existsSync(join(folder, "quickjs.c"))) return folder;
  const archive = cachedArchive() ?? fetchArchive();
  const unpacked = `${folder}.new`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  run("tar", ["-xJf", archive, "-C", unpacked, "--strip-components=1"]);
  renameSync(unpacked, folder);
  return folder;
}

/** Where the archive is kept for other checkouts too. */
function keptArchive() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tsrun", ARCHIVE);
}

const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

function cachedArchive() {
  return [at("dist/cache", ARCHIVE), keptArchive()].find((path) => existsSync(path) && digest(path) === SHA256);
}

function keep(path) {
  const found = digest(path);
  if (found !== SHA256) throw new BuildError(`${ARCHIVE} is not what it should be: SHA-256 ${found}, not ${SHA256}`);
  const content = readFileSync(path);
  for (const place of [keptArchive(), at("dist/cache", ARCHIVE)]) {
    try {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(`${place}.new`, content);
      renameSync(`${place}.new`, place);
      return place;
    } catch (error) {
      if (!["EACCES", "EROFS", "ENOTDIR", "EPERM"].includes(error.code)) throw error;
    }
  }
  throw new BuildError(`no place to keep ${ARCHIVE}`);
}

const ADVICE =
  "install libquickjs (2025-04-26 or newer) with your distribution's package manager, " +
  `or put ${ARCHIVE} (of Debian ${SUITE}'s source package quickjs) into dist/cache`;

/**
 * Debian's source package, through a configuration of apt's own that neither reads nor changes the system's, from the
 * mirror that the system uses for its packages.
 */
function fetchArchive() {
  const folder = mkdtempSync(join(mkParent(), "apt-"));
  try {
    const failures = [];
    for (const mirror of mirrors()) {
      try {
        return keep(download(folder, mirror));
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        failures.push(error.message.trim().split("\n").at(-1));
      }
    }
    throw new BuildError(
      `QuickJS ${VERSION} can't be had (${failures[0] ?? "no Debian mirror is configured"}): ${ADVICE}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mkParent() {
  mkdirSync(at("dist/cache"), { recursive: true });
  return at("dist/cache");
}

/** The addresses of Debian's archive in the system's own sources, as apt reads them. */
function mirrors() {
  try {
    const targets = run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
    return [...new Set(targets.split("\n"))].filter((address) => /\/debian\/?$/.test(address));
  } catch (error) {
    if (error instanceof BuildError) return [];
    throw error;
  }
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

function download(folder, mirror) {
  const signed = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : "";
  writeFileSync(join(folder, "sources.list"), `deb-src${signed} ${mirror} ${SUITE} main\n`);
  for (const name of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(folder, name), { recursive: true });
  const settings = {
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::Etc::preferencesparts": "-",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run("apt-get", [...options, "update"]);
  run("apt-get", [...options, "source", "--download-only", "--tar-only", "quickjs"], { cwd: folder });
  return join(folder, ARCHIVE);
}
