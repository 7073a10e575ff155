// The upstream archive of a Debian source package, fetched once, checked and kept.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError, run } from "./tools.mjs";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * `archive` of the source package `source` in the Debian called `suite`, as a path in `folder`, where it is kept.
 * Throws a BuildError that says how to get it otherwise when it can't be had or is not what `sha256` says.
 */
export function debianSource({ source, suite, archive, sha256 }, folder) {
  const path = join(folder, archive);
  if (existsSync(path) && digest(path) === sha256) return path;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, "apt-"));
  try {
    const fetched = download({ source, suite, archive }, work, folder);
    const found = digest(fetched);
    if (found !== sha256) throw new BuildError(`${archive} is not what it should be: SHA-256 ${found}, not ${sha256}`);
    renameSync(fetched, path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const digest = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

function download({ source, suite, archive }, work, folder) {
  const failures = [];
  for (const mirror of mirrors()) {
    const options = privateApt(work, mirror, suite);
    try {
      run("apt-get", [...options, "update"]);
      run("apt-get", [...options, "source", "--download-only", "--tar-only", source], { cwd: work });
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      failures.push(error.message.trim().split("\n").at(-1));
    }
    // apt gives up when it can't have the package's description, which may be after it got the archive.
    if (existsSync(join(work, archive))) return join(work, archive);
  }
  const advice = `put it (of Debian ${suite}'s source package ${source}) into ${folder}`;
  throw new BuildError(`${archive} can't be had (${failures[0] ?? "no Debian mirror is configured"}): ${advice}`);
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

/** Options for an apt of our own that neither reads nor changes the system's lists and sources. */
function privateApt(work, mirror, suite) {
  const signed = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : "";
  writeFileSync(join(work, "sources.list"), `deb-src${signed} ${mirror} ${suite} main\n`);
  for (const name of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(work, name), { recursive: true });
  const settings = {
    "Dir::Etc::sourcelist": join(work, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::Etc::preferencesparts": "-",
    "Dir::State::lists": join(work, "lists"),
    "Dir::Cache": join(work, "cache"),
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}
