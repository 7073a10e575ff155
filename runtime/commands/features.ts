import { print } from "../output.ts";
import { features } from "../spec/features.ts";
import { stringifyExact } from "../spec/json.ts";
import { VERSION } from "../version.ts";

/** `features`: what this runtime can do, as the specification's features document. */
export async function printFeatures(): Promise<number> {
  await print(`${stringifyExact(features(VERSION), 2)}\n`);
  return 0;
}
