import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./paths.ts";

const run = promisify(execFile);

/** For programs that are to stop at the first wrong access or undefined behaviour. */
export const SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

const COMPILER = process.env.CXX ?? "c++";
const COMMON = ["-std=c++17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"];
const AT_ONCE = 2;

/** What a program of a test is made of. Paths are relative to the checkout. */
export interface NativeProgram {
  readonly name: string;
  readonly sources: readonly string[];
  /** Folders whose headers it includes: a change there compiles it anew. */
  readonly headers: readonly string[];
  readonly flags: readonly string[];
  /** Further files whose content ends up in it. */
  readonly inputs?: readonly string[];
}

function digest({ sources, headers, flags, inputs = [] }: NativeProgram): string {
  const included = headers.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".h"))
      .map((name) => join(folder, name)),
  );
  const hash = createHash("sha256").update(JSON.stringify([COMPILER, COMMON, flags]));
  for (const file of [...sources, ...included, ...inputs]) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex").slice(0, 16);
}

/** Compiles a program of a test unless it is there already, and gives its path. Rejects with the compiler's words. */
export async function compileNative(program: NativeProgram): Promise<string> {
  const folder = join(ROOT, "dist", "native", `${program.name}-${digest(program)}`);
  const output = join(folder, program.name);
  if (existsSync(output)) return output;
  mkdirSync(folder, { recursive: true });
  const objects: string[] = [];
  const waiting = program.sources.map((source) => {
    const object = join(folder, `${basename(source)}.o`);
    objects.push(object);
    return ["-c", join(ROOT, source), "-o", object];
  });
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await run(COMPILER, [...COMMON, ...program.flags, ...next], { cwd: ROOT });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await run(COMPILER, [...COMMON, ...program.flags, ...objects, "-o", output], { cwd: ROOT });
  return output;
}
