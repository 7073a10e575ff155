import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const at = (...parts) => join(ROOT, ...parts);

/** All files below the given paths (files or folders, missing ones skipped) with one of the endings, sorted. */
export function filesBelow(paths, endings = [""]) {
  const found = [];
  const visit = (path) => {
    if (!statSync(path).isDirectory()) {
      if (endings.some((ending) => path.endsWith(ending))) found.push(path);
      return;
    }
    for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const path of paths) if (existsSync(at(path))) visit(at(path));
  return found.sort();
}

/** A digest of the files' names and contents, and of anything else that a result depends on. */
export function digestOf(files, ...more) {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.update(JSON.stringify(more)).digest("hex");
}

/** Replaces a file in one step, so that who runs the old one is not disturbed. */
export function replaceFile(path, content, mode = 0o644) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}
