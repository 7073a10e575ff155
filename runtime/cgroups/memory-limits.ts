/** Rules that hold for the memory limits of config.json on v1 and v2 alike. */
import { RuntimeError } from "../errors.ts";
import { isGiven, isUnlimited } from "./integers.ts";
import type { Resources } from "./types.ts";

export const MEMORY = "/linux/resources/memory";

/** Throws E_CONFIG_INVALID where limit, swap (memory and swap together) and swappiness contradict each other. */
export function checkMemory({ limit, swap, swappiness }: NonNullable<Resources["memory"]>): void {
  if (swappiness !== undefined && (swappiness < 0 || swappiness > 100)) {
    throw invalid(`memory swappiness ${swappiness}: must be 0 to 100`, "swappiness");
  }
  if (!isGiven(swap) || isUnlimited(swap)) return;
  if (!isGiven(limit) || isUnlimited(limit)) throw invalid(`memory swap ${swap}: needs a memory limit`, "swap");
  if (swap < limit)
    throw invalid(`memory swap ${swap}: is memory and swap together, less than the limit ${limit}`, "swap");
}

function invalid(message: string, name: string): RuntimeError {
  const pointer = `${MEMORY}/${name}`;
  return new RuntimeError("E_CONFIG_INVALID", message, { pointer, specRef: "config-linux.md#memory" });
}
