import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CACHE } from "./places.ts";

/**
 * The folder NAME-KEY of the cache, made by `make` when it is not there yet.
 * Two processes may make it at once: each works in its own folder, the first rename wins, the other's work is dropped.
 */
export async function cached(name: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const target = join(CACHE, `${name}-${key}`);
  if (existsSync(target)) return target;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, `.${name}-`));
  try {
    await make(draft);
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
