import { print } from "../output.ts";
import { seccompFeatures } from "../plan/seccomp-features.ts";
import { features } from "../spec/features.ts";
import { stringifyExact } from "../spec/json.ts";
import { VERSION } from "../version.ts";

/** `features`: what this runtime can do, as the specification's features document. */
export async function printFeatures(): Promise<number> {
  await print(`${stringifyExact(features(VERSION, seccompFeatures()), 2)}\n`);
  return 0;
}
